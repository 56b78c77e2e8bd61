/**
 * How two servers prove to each other who they are, before anything else travels between them. Pure: frames in, frames
 * out; the sockets and the deadline are in peer-socket.ts.
 *
 *     acceptor → dialer   greeting  [[version …] cluster acceptor nonceA]
 *     dialer → acceptor   claim     [version cluster dialer acceptor purpose nonceD proofD]
 *     acceptor → dialer   proof     [proofA]
 *
 * A proof is HMAC-SHA256 with the shared secret over the label, the prover's role and everything above that is not
 * itself a proof, each part preceded by its length. Both nonces are fresh, so an old proof is worth nothing; the role
 * is in it, so a proof cannot be reflected; the ids are in it, so it cannot be used towards somebody else; the offered
 * versions are in it, so nobody in between can talk two servers into an older one. The dialer proves first, so that a
 * stranger who connects gets nothing on which to try secrets.
 *
 * Left out: encryption, and protection of the frames that follow. After the handshake the network between the servers
 * is trusted, as ZooKeeper trusts it; where it is not, run it inside a tunnel.
 */
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { badMessage, Fields, isSynodError, pack, unpackForeign } from '@synod/protocol';

/** Versions of the protocol between servers that this server speaks, the best first. */
const PEER_VERSIONS: readonly number[] = [1];

/** Bytes of a nonce. */
export const NONCE_BYTES = 32;

/** Bytes that one side may send before it is trusted, WebSocket framing included. */
export const HANDSHAKE_BYTES = 2_048;

const LABEL = 'synod peer handshake';
const PROOF_BYTES = 32;
const PURPOSES = ['link', 'knock'] as const;

/** What a connection is for: to stay, or only to ask for the other server's call (see peer-links.ts). */
export type Purpose = (typeof PURPOSES)[number];

/** What one server knows before it meets another. */
export interface HandshakeParty {
  readonly self: number;
  readonly cluster: string;
  readonly secret: KeyObject;
  readonly peers: { has(id: number): boolean };
}

/** What to do after a frame. `refused`: close, with the reason; `peer` is whom the other side claims to be, if it said. */
export type HandshakeStep =
  | { readonly state: 'more'; readonly send: Uint8Array }
  | { readonly state: 'done'; readonly send: Uint8Array | null; readonly peer: number; readonly purpose: Purpose }
  | { readonly state: 'refused'; readonly reason: string; readonly peer: number | undefined };

/** One side of a handshake. */
export interface Handshake {
  /** What this side sends as soon as the connection is open; null for the dialer, who waits. */
  readonly greeting: Uint8Array | null;
  /** Takes one frame of the other side. Not to be called after done or refused. Never throws for what the bytes hold. */
  receive(bytes: Uint8Array): HandshakeStep;
}

interface Transcript {
  readonly version: number;
  readonly offered: readonly number[];
  readonly cluster: string;
  readonly dialer: number;
  readonly acceptor: number;
  readonly purpose: Purpose;
  readonly acceptorNonce: Uint8Array;
  readonly dialerNonce: Uint8Array;
}

/** The side that was called. `nonce`: {@link NONCE_BYTES} fresh random bytes. */
export class AcceptorHandshake implements Handshake {
  readonly greeting: Uint8Array;
  readonly #party: HandshakeParty;
  readonly #nonce: Uint8Array;

  constructor(party: HandshakeParty, nonce: Uint8Array) {
    this.#party = party;
    this.#nonce = nonce;
    this.greeting = pack([PEER_VERSIONS, party.cluster, party.self, nonce]);
  }

  receive(bytes: Uint8Array): HandshakeStep {
    return attempt(bytes, 'claim', (fields, claimedBy) => {
      const version = fields.int('version', 0, 65_535);
      const cluster = fields.string('cluster', 256);
      const dialer = fields.int('dialer', 0, Number.MAX_SAFE_INTEGER);
      claimedBy(dialer);
      const acceptor = fields.int('acceptor', 0, Number.MAX_SAFE_INTEGER);
      const purpose = PURPOSES[fields.int('purpose', 0, 1)] ?? 'link';
      const dialerNonce = exactly(fields.bytes('nonce'), NONCE_BYTES, 'nonce');
      const proof = exactly(fields.bytes('proof'), PROOF_BYTES, 'proof');
      fields.end();

      const { self, peers } = this.#party;
      if (!PEER_VERSIONS.includes(version)) return noCommonVersion([version]);
      if (cluster !== this.#party.cluster) return wrongCluster(this.#party, dialer, cluster);
      if (acceptor !== self) return `this is server ${self}, not server ${acceptor}`;
      if (dialer === self) return `${dialer} is the id of this server itself`;
      if (!peers.has(dialer)) return `server ${dialer} is not one of the servers that server ${self} knows`;
      // The caller of a link has the larger id; the other one knocks.
      if (dialer > self !== (purpose === 'link'))
        return `server ${dialer} must not open a ${purpose} to server ${self}`;
      const acceptorNonce = this.#nonce;
      const transcript = {
        version,
        offered: PEER_VERSIONS,
        cluster,
        dialer,
        acceptor,
        purpose,
        acceptorNonce,
        dialerNonce,
      };
      if (!timingSafeEqual(proof, prove(this.#party.secret, 'dialer', transcript))) return SECRETS_DIFFER;
      const send = pack([prove(this.#party.secret, 'acceptor', transcript)]);
      return { state: 'done', send, peer: dialer, purpose };
    });
  }
}

/** The side that calls. `nonce`: {@link NONCE_BYTES} fresh random bytes. */
export class DialerHandshake implements Handshake {
  readonly greeting = null;
  readonly #party: HandshakeParty;
  readonly #peer: number;
  readonly #purpose: Purpose;
  readonly #nonce: Uint8Array;
  #transcript: Transcript | undefined;

  constructor(party: HandshakeParty, peer: number, purpose: Purpose, nonce: Uint8Array) {
    this.#party = party;
    this.#peer = peer;
    this.#purpose = purpose;
    this.#nonce = nonce;
  }

  receive(bytes: Uint8Array): HandshakeStep {
    return this.#transcript ? this.#proof(bytes, this.#transcript) : this.#greeted(bytes);
  }

  #greeted(bytes: Uint8Array): HandshakeStep {
    return attempt(bytes, 'greeting', (fields, claimedBy) => {
      const list = fields.list('versions', 16);
      const versions = new Fields(list, 'greeting');
      const offered = list.map(() => versions.int('version', 0, 65_535));
      const cluster = fields.string('cluster', 256);
      const acceptor = fields.int('acceptor', 0, Number.MAX_SAFE_INTEGER);
      claimedBy(acceptor);
      const acceptorNonce = exactly(fields.bytes('nonce'), NONCE_BYTES, 'nonce');
      fields.end();

      const { self, secret } = this.#party;
      const version = PEER_VERSIONS.find((each) => offered.includes(each));
      if (version === undefined) return noCommonVersion(offered);
      if (cluster !== this.#party.cluster) return wrongCluster(this.#party, acceptor, cluster);
      if (acceptor !== this.#peer) return `server ${acceptor} answers at the address of server ${this.#peer}`;
      const [dialer, purpose, dialerNonce] = [self, this.#purpose, this.#nonce];
      this.#transcript = { version, offered, cluster, dialer, acceptor, purpose, acceptorNonce, dialerNonce };
      const proof = prove(secret, 'dialer', this.#transcript);
      const send = pack([version, cluster, dialer, acceptor, PURPOSES.indexOf(purpose), dialerNonce, proof]);
      return { state: 'more', send };
    });
  }

  #proof(bytes: Uint8Array, transcript: Transcript): HandshakeStep {
    return attempt(bytes, 'proof', (fields, claimedBy) => {
      claimedBy(this.#peer);
      const proof = exactly(fields.bytes('proof'), PROOF_BYTES, 'proof');
      fields.end();
      if (!timingSafeEqual(proof, prove(this.#party.secret, 'acceptor', transcript))) return SECRETS_DIFFER;
      return { state: 'done', send: null, peer: this.#peer, purpose: this.#purpose };
    });
  }
}

const SECRETS_DIFFER = 'the proof is wrong: the secrets of the two servers differ';

function noCommonVersion(theirs: readonly number[]): string {
  return `no common version: one server speaks ${PEER_VERSIONS.join(', ')}, the other ${theirs.join(', ') || 'none'}`;
}

function wrongCluster(party: HandshakeParty, peer: number, cluster: string): string {
  const [ours, theirs] = [JSON.stringify(party.cluster), JSON.stringify(cluster)];
  return `the clusters differ: server ${party.self} is in ${ours}, server ${peer} in ${theirs}`;
}

/** Reads a frame. What `read` returns as a string, or throws about the bytes, is a refusal. */
function attempt(
  bytes: Uint8Array,
  what: string,
  read: (fields: Fields, claimedBy: (peer: number) => void) => HandshakeStep | string,
): HandshakeStep {
  let peer: number | undefined;
  try {
    const values = unpackForeign(bytes, HANDSHAKE_BYTES);
    if (!Array.isArray(values)) throw badMessage(`${what}: not an array`);
    const result = read(new Fields(values, what), (id) => (peer = id));
    return typeof result === 'string' ? { state: 'refused', reason: result, peer } : result;
  } catch (error) {
    if (!isSynodError(error)) throw error;
    return { state: 'refused', reason: `not the handshake of a Synod server: ${error.reason}`, peer };
  }
}

function exactly(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length !== length) throw badMessage(`${name} must have ${length} bytes, not ${bytes.length}`);
  return bytes;
}

function prove(secret: KeyObject, role: 'dialer' | 'acceptor', transcript: Transcript): Uint8Array {
  const { version, offered, cluster, dialer, acceptor, purpose, acceptorNonce, dialerNonce } = transcript;
  const mac = createHmac('sha256', secret);
  const words = [LABEL, role, version, offered.join(), cluster, dialer, acceptor, purpose].map((part) =>
    Buffer.from(String(part)),
  );
  for (const part of [...words, acceptorNonce, dialerNonce]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    mac.update(length).update(part);
  }
  return mac.digest();
}
