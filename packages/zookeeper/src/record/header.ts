/** What stands in front of the bodies: of requests, of replies and events, and of each operation within a multi. */
import type { Codec } from '../codec.js';
import type { Long } from '../long.js';

export interface RequestHeader {
  /** Chosen by the client and given back; not unique. */
  readonly xid: number;
  /** The operation, which may be any number here. */
  readonly type: number;
}

export interface ReplyHeader {
  readonly xid: number;
  /** Of the write, otherwise the last that the server has applied. */
  readonly zxid: Long;
  /** 0, or the number of an error; then no body follows. */
  readonly err: number;
}

/** `done` ends the list; it is one byte between two numbers. */
export interface MultiHeader {
  readonly type: number;
  readonly done: boolean;
  readonly err: number;
}

export const requestHeader: Codec<RequestHeader> = {
  read: (input) => ({ xid: input.int('xid'), type: input.int('type') }),
  write(output, value) {
    output.int(value.xid);
    output.int(value.type);
  },
};

export const replyHeader: Codec<ReplyHeader> = {
  read: (input) => ({ xid: input.int('xid'), zxid: input.long('zxid'), err: input.int('err') }),
  write(output, value) {
    output.int(value.xid);
    output.long(value.zxid);
    output.int(value.err);
  },
};

export const multiHeader: Codec<MultiHeader> = {
  read: (input) => ({ type: input.int('type'), done: input.bool('done'), err: input.int('err') }),
  write(output, value) {
    output.int(value.type);
    output.bool(value.done);
    output.int(value.err);
  },
};
