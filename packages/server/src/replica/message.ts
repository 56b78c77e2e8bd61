/**
 * What servers say to each other about clients, beside zab's messages and on the same links.
 *
 * A server that holds a client's connection speaks for the session (it is attached there); the leader decides. Each
 * attachment has a generation that only grows, so that a message of an older one is recognised however late it comes.
 * Wire numbers start at 100: below are zab's.
 */
import {
  badMessage,
  body,
  errorCodes,
  errorName,
  Fields,
  isWrite,
  limits,
  readRequest,
  type ErrorCode,
  type Identity,
  type WriteRequest,
  type Zxid,
} from '@synod/protocol';

export type ServerMessage =
  /** To the leader: make a session for the connection `tag`; the answer is the committed transaction itself. */
  | {
      readonly type: 'open';
      readonly tag: number;
      readonly timeout: number;
      readonly secretHash: Uint8Array;
      readonly identities: readonly Identity[];
    }
  /** To the leader: a client resumes its session here. Answered by `attached` or `refused`. */
  | {
      readonly type: 'attach';
      readonly tag: number;
      readonly session: number;
      readonly secretHash: Uint8Array;
      readonly timeout: number;
      readonly identities: readonly Identity[];
    }
  /** To a new leader: this session is connected here since that generation. Answered by `gone` or `moved` where not so. */
  | {
      readonly type: 'reattach';
      readonly session: number;
      readonly generation: number;
      readonly timeout: number;
      readonly identities: readonly Identity[];
    }
  /** To the leader: who the client is from here on. */
  | {
      readonly type: 'identities';
      readonly session: number;
      readonly generation: number;
      readonly identities: readonly Identity[];
    }
  | {
      readonly type: 'write';
      readonly session: number;
      readonly generation: number;
      readonly number: number;
      readonly acked: number;
      readonly request: WriteRequest;
    }
  /** To the leader: prove that you lead. Answered by `synced`. */
  | { readonly type: 'sync'; readonly tag: number }
  /** To the leader: heard from these sessions since the last report; and a checkpoint of the digest. */
  | { readonly type: 'touch'; readonly sessions: readonly number[]; readonly zxid: Zxid; readonly digest: number }
  | {
      readonly type: 'attached';
      readonly tag: number;
      readonly session: number;
      readonly generation: number;
      readonly timeout: number;
      /** The connection may be served once this is applied. */
      readonly zxid: Zxid;
      readonly lastNumber: number;
    }
  | { readonly type: 'refused'; readonly tag: number; readonly code: ErrorCode; readonly reason: string }
  /** The session is attached elsewhere since a later generation. */
  | { readonly type: 'moved'; readonly session: number; readonly generation: number }
  /** There is no such session (any more). */
  | { readonly type: 'gone'; readonly session: number }
  /** That write was carried out before, at or below `zxid`: its result is remembered with the session. */
  | { readonly type: 'duplicate'; readonly session: number; readonly number: number; readonly zxid: Zxid }
  | { readonly type: 'synced'; readonly tag: number; readonly zxid: Zxid };

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * True for what a leader says to the servers that follow it. From anybody else it is void: a deposed leader may say it
 * late, about questions that were put to the new one since, or about writes that were never committed.
 */
export function isAnswer({ type }: ServerMessage): boolean {
  return answers.has(type);
}

const answers: ReadonlySet<string> = new Set(['attached', 'refused', 'moved', 'gone', 'duplicate', 'synced']);

function identitiesToWire(identities: readonly Identity[]): unknown[] {
  return identities.flatMap((identity) => [identity.scheme, identity.id]);
}

/** A message to its wire form. */
export function serverMessageToWire(m: ServerMessage): unknown[] {
  switch (m.type) {
    case 'open':
      return [100, m.tag, m.timeout, m.secretHash, identitiesToWire(m.identities)];
    case 'attach':
      return [101, m.tag, m.session, m.secretHash, m.timeout, identitiesToWire(m.identities)];
    case 'reattach':
      return [102, m.session, m.generation, m.timeout, identitiesToWire(m.identities)];
    case 'identities':
      return [103, m.session, m.generation, identitiesToWire(m.identities)];
    case 'write':
      return [104, m.session, m.generation, m.number, m.acked, m.request.op, ...body(m.request)];
    case 'sync':
      return [105, m.tag];
    case 'touch':
      return [106, m.sessions, m.zxid, m.digest];
    case 'attached':
      return [107, m.tag, m.session, m.generation, m.timeout, m.zxid, m.lastNumber];
    case 'refused':
      return [108, m.tag, errorCodes[m.code], m.reason];
    case 'moved':
      return [109, m.session, m.generation];
    case 'gone':
      return [110, m.session];
    case 'duplicate':
      return [111, m.session, m.number, m.zxid];
    case 'synced':
      return [112, m.tag, m.zxid];
  }
}

function readIdentities(f: Fields): Identity[] {
  const list = f.list('identities', limits.identities * 4);
  const inner = new Fields(list, 'identities');
  const found: Identity[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const scheme = inner.string('scheme', limits.idLength);
    found.push({ scheme, id: inner.string('id', limits.idLength) });
  }
  return found;
}

/** Checks and reads one message; throws SynodError MARSHALLING_ERROR. */
export function readServerMessage(wire: readonly unknown[]): ServerMessage {
  const f = new Fields(wire, 'server message');
  const kind = f.int('kind', 100, 112);
  const message = kind <= 106 ? readForLeader(kind, f) : readFromLeader(kind, f);
  f.end();
  return message;
}

function readForLeader(kind: number, f: Fields): ServerMessage {
  const first = kind === 106 ? 0 : f.int('tag or session', 0, MOST);
  switch (kind) {
    case 100: {
      const timeout = f.int('timeout', 1, MOST);
      const secretHash = f.bytes('secretHash');
      return { type: 'open', tag: first, timeout, secretHash, identities: readIdentities(f) };
    }
    case 101: {
      const session = f.zxid('session');
      const secretHash = f.bytes('secretHash');
      const timeout = f.int('timeout', 1, MOST);
      return { type: 'attach', tag: first, session, secretHash, timeout, identities: readIdentities(f) };
    }
    case 102: {
      const generation = f.int('generation', 0, MOST);
      const timeout = f.int('timeout', 1, MOST);
      return { type: 'reattach', session: first, generation, timeout, identities: readIdentities(f) };
    }
    case 103: {
      const generation = f.int('generation', 0, MOST);
      return { type: 'identities', session: first, generation, identities: readIdentities(f) };
    }
    case 104: {
      const generation = f.int('generation', 0, MOST);
      const number = f.int('number', 1, MOST);
      const acked = f.int('acked', 0, MOST);
      const request = readRequest(f.int('operation', -1000, 1000), f);
      if (!isWrite(request)) throw badMessage('server message: a write was expected');
      return { type: 'write', session: first, generation, number, acked, request };
    }
    case 105:
      return { type: 'sync', tag: first };
    default: {
      const list = f.list('sessions', MOST);
      const inner = new Fields(list, 'touch');
      const sessions = list.map(() => inner.zxid('session'));
      return { type: 'touch', sessions, zxid: f.zxid('zxid'), digest: f.int('digest', 0, MOST) };
    }
  }
}

function readFromLeader(kind: number, f: Fields): ServerMessage {
  const first = f.int('tag or session', 0, MOST);
  switch (kind) {
    case 107: {
      const session = f.zxid('session');
      const generation = f.int('generation', 0, MOST);
      const timeout = f.int('timeout', 1, MOST);
      const zxid = f.zxid('zxid');
      return { type: 'attached', tag: first, session, generation, timeout, zxid, lastNumber: f.int('number', 0, MOST) };
    }
    case 108: {
      const code = errorName(f.int('code', -1000, -1));
      return { type: 'refused', tag: first, code, reason: f.string('reason', 65_536) };
    }
    case 109:
      return { type: 'moved', session: first, generation: f.int('generation', 0, MOST) };
    case 110:
      return { type: 'gone', session: first };
    case 111:
      return { type: 'duplicate', session: first, number: f.int('number', 1, MOST), zxid: f.zxid('zxid') };
    default:
      return { type: 'synced', tag: first, zxid: f.zxid('zxid') };
  }
}
