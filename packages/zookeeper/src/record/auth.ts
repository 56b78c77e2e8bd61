/** auth and sasl: who a connection is. */
import type { Codec } from '../codec.js';
import { ZooKeeperOp } from '../op.js';

export interface AuthRecord {
  readonly type: typeof ZooKeeperOp.auth;
  /** 0; ZooKeeper ignores it. */
  readonly authType: number;
  readonly scheme: string | null;
  readonly auth: Uint8Array | null;
}

export interface SaslRecord {
  readonly type: typeof ZooKeeperOp.sasl;
  readonly token: Uint8Array | null;
}

/** A null token says that the server knows no SASL. */
export interface TokenResponse {
  readonly token: Uint8Array | null;
}

export const auth: Codec<AuthRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.auth,
    authType: input.int('type'),
    scheme: input.string('scheme'),
    auth: input.buffer('auth'),
  }),
  write(output, value) {
    output.int(value.authType);
    output.string(value.scheme);
    output.buffer(value.auth);
  },
};

export const sasl: Codec<SaslRecord> = {
  read: (input) => ({ type: ZooKeeperOp.sasl, token: input.buffer('token') }),
  write: (output, value) => output.buffer(value.token),
};

export const tokenResponse: Codec<TokenResponse> = {
  read: (input) => ({ token: input.buffer('token') }),
  write: (output, value) => output.buffer(value.token),
};
