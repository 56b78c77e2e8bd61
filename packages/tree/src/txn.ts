/**
 * Transactions: what the leader makes of requests, what the log carries and what every server applies. A transaction
 * holds results (the new version, the expanded ACL, the full sequential name, the time), never conditions.
 *
 * A body is the byte 1, which names this state machine, and a MessagePack array:
 *
 *     create         1 …origin path data|nil acl|nil kind ttl creates     multi          5 …origin [part …]
 *     delete         2 …origin path                                       error          6 …origin op code reason path outcome index
 *     setData        3 …origin path data|nil version                      createSession  7 …origin timeout secretHash server tag
 *     setAcl         4 …origin path acl|nil aversion                      closeSession   8 …origin target expired
 *     configure     11 …origin data                                       reap           9 …origin path
 *     origin         session number acked time
 *     part           create, delete or setData without origin, or check: 10 path
 *
 * nil for an ACL is the open one.
 */
import {
  aclFromWire,
  aclToWire,
  Fields,
  OPEN_ACL,
  pack,
  readRefusal,
  refusalToWire,
  unpack,
  type Acl,
  type AclEntryWire,
  type OpCode,
  type Refusal,
} from '@synod/protocol';
import type { NodeKind } from './znode.js';

/** First byte of a body: the log may carry transactions of several state machines, and this is the tree. */
export const TREE_MACHINE = 1;

/** Whose write a transaction is. */
export interface TxnOrigin {
  /** The session, 0 for the ensemble itself. */
  readonly session: number;
  /** The number of the write within its session; 0 for a write whose result is not kept. */
  readonly number: number;
  /** The client has the results of all writes up to this number. */
  readonly acked: number;
  /** The leader's clock, milliseconds since 1970. */
  readonly time: number;
}

export interface CreateChange {
  readonly type: 'create';
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: Acl;
  /** An ephemeral znode belongs to the session of the transaction. */
  readonly kind: NodeKind;
  /** Milliseconds, for TTL znodes. */
  readonly ttl: number;
  /** The parent's count of creates after this one. */
  readonly creates: number;
}
export interface DeleteChange {
  readonly type: 'delete';
  readonly path: string;
}
export interface SetDataChange {
  readonly type: 'setData';
  readonly path: string;
  readonly data: Uint8Array | null;
  /** The new version. */
  readonly version: number;
}
export interface SetAclChange {
  readonly type: 'setAcl';
  readonly path: string;
  readonly acl: Acl;
  /** The new aversion. */
  readonly aversion: number;
}
/** A check that held: changes nothing, but has a place among the results of its multi. */
export interface CheckChange {
  readonly type: 'check';
  readonly path: string;
}
export type MultiPart = CreateChange | DeleteChange | SetDataChange | CheckChange;
export interface MultiChange {
  readonly type: 'multi';
  readonly parts: readonly MultiPart[];
}
/** A refused write: takes a zxid and is remembered like any other. */
export interface ErrorChange {
  readonly type: 'error';
  /** The operation that was refused, 0 for one of the ensemble's own. */
  readonly op: OpCode | 0;
  readonly refusal: Refusal;
}
/** The session gets the zxid of this transaction as its id. */
export interface CreateSessionChange {
  readonly type: 'createSession';
  /** Milliseconds. */
  readonly timeout: number;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  /** The server that asked, and its own number for the asking connection. */
  readonly server: number;
  readonly tag: number;
}
/** Ends a session and deletes its ephemeral znodes, whichever they are by then. */
export interface CloseSessionChange {
  readonly type: 'closeSession';
  readonly target: number;
  /** False where the client asked for it. */
  readonly expired: boolean;
}
/** Deletes a container or TTL znode that nobody needs any more. */
export interface ReapChange {
  readonly type: 'reap';
  readonly path: string;
}
/** Replaces the list of servers in `/zookeeper/config`; its version is −1 from then on. */
export interface ConfigureChange {
  readonly type: 'configure';
  readonly data: Uint8Array;
}

export type Change =
  | CreateChange
  | DeleteChange
  | SetDataChange
  | SetAclChange
  | MultiChange
  | ErrorChange
  | CreateSessionChange
  | CloseSessionChange
  | ReapChange
  | ConfigureChange;

export type Txn = TxnOrigin & Change;

const CREATE = 1;
const DELETE = 2;
const SET_DATA = 3;
const SET_ACL = 4;
const MULTI = 5;
const ERROR = 6;
const CREATE_SESSION = 7;
const CLOSE_SESSION = 8;
const REAP = 9;
const CHECK = 10;
const CONFIGURE = 11;

/** A transaction as a body for the log, in memory of its own. */
export function encodeTxn(txn: Txn): Uint8Array {
  const packed = pack(toWire(txn));
  const body = new Uint8Array(packed.length + 1);
  body[0] = TREE_MACHINE;
  body.set(packed, 1);
  return body;
}

function toWire(t: Txn): unknown[] {
  const { session, number, acked, time } = t;
  switch (t.type) {
    case 'create':
      return [CREATE, session, number, acked, time, t.path, t.data, aclWire(t.acl), t.kind, t.ttl, t.creates];
    case 'delete':
      return [DELETE, session, number, acked, time, t.path];
    case 'setData':
      return [SET_DATA, session, number, acked, time, t.path, t.data, t.version];
    case 'setAcl':
      return [SET_ACL, session, number, acked, time, t.path, aclWire(t.acl), t.aversion];
    case 'multi':
      return [MULTI, session, number, acked, time, t.parts.map(partToWire)];
    case 'error':
      return [ERROR, session, number, acked, time, t.op, ...refusalToWire(t.refusal)];
    case 'createSession':
      return [CREATE_SESSION, session, number, acked, time, t.timeout, t.secretHash, t.server, t.tag];
    case 'closeSession':
      return [CLOSE_SESSION, session, number, acked, time, t.target, t.expired];
    case 'reap':
      return [REAP, session, number, acked, time, t.path];
    case 'configure':
      return [CONFIGURE, session, number, acked, time, t.data];
  }
}

function partToWire(p: MultiPart): unknown[] {
  switch (p.type) {
    case 'create':
      return [CREATE, p.path, p.data, aclWire(p.acl), p.kind, p.ttl, p.creates];
    case 'delete':
      return [DELETE, p.path];
    case 'setData':
      return [SET_DATA, p.path, p.data, p.version];
    case 'check':
      return [CHECK, p.path];
  }
}

function aclWire(acl: Acl): AclEntryWire[] | null {
  return acl === OPEN_ACL ? null : aclToWire(acl);
}

/**
 * A body to the transaction. The log's chain has proven the bytes: they are not checked again, and a body that is not
 * one of ours is a bug (throws an Error). Binary values are views into `body`.
 */
export function decodeTxn(body: Uint8Array): Txn {
  if (body[0] !== TREE_MACHINE) throw new Error(`a body for machine ${body[0]} is not a transaction of the tree`);
  const f = unpack(body.subarray(1)) as unknown[];
  const session = f[1] as number;
  const number = f[2] as number;
  const acked = f[3] as number;
  const time = f[4] as number;
  switch (f[0]) {
    case CREATE:
      return {
        session,
        number,
        acked,
        time,
        type: 'create',
        path: f[5] as string,
        data: f[6] as Uint8Array | null,
        acl: aclOf(f[7]),
        kind: f[8] as NodeKind,
        ttl: f[9] as number,
        creates: f[10] as number,
      };
    case SET_DATA: {
      const data = f[6] as Uint8Array | null;
      return { session, number, acked, time, type: 'setData', path: f[5] as string, data, version: f[7] as number };
    }
    case DELETE:
      return { session, number, acked, time, type: 'delete', path: f[5] as string };
    case SET_ACL: {
      const acl = aclOf(f[6]);
      return { session, number, acked, time, type: 'setAcl', path: f[5] as string, acl, aversion: f[7] as number };
    }
    case MULTI:
      return { session, number, acked, time, type: 'multi', parts: (f[5] as unknown[][]).map(partFromWire) };
    case ERROR: {
      const refusal = readRefusal(f[6] as number, new Fields(f, 'error transaction', 7));
      return { session, number, acked, time, type: 'error', op: f[5] as OpCode | 0, refusal };
    }
    default:
      return { session, number, acked, time, ...ownChange(f) };
  }
}

/** What the ensemble does by itself, and the end of a session. */
function ownChange(f: readonly unknown[]): CreateSessionChange | CloseSessionChange | ReapChange | ConfigureChange {
  switch (f[0]) {
    case CREATE_SESSION: {
      const secretHash = f[6] as Uint8Array;
      const timeout = f[5] as number;
      return { type: 'createSession', timeout, secretHash, server: f[7] as number, tag: f[8] as number };
    }
    case CLOSE_SESSION:
      return { type: 'closeSession', target: f[5] as number, expired: f[6] as boolean };
    case REAP:
      return { type: 'reap', path: f[5] as string };
    case CONFIGURE:
      return { type: 'configure', data: f[5] as Uint8Array };
    default:
      throw new Error(`there is no transaction of kind ${String(f[0])}`);
  }
}

function partFromWire(f: readonly unknown[]): MultiPart {
  const path = f[1] as string;
  switch (f[0]) {
    case CREATE: {
      const [data, acl] = [f[2] as Uint8Array | null, aclOf(f[3])];
      const [kind, ttl, creates] = f.slice(4) as [NodeKind, number, number];
      return { type: 'create', path, data, acl, kind, ttl, creates };
    }
    case DELETE:
      return { type: 'delete', path };
    case SET_DATA:
      return { type: 'setData', path, data: f[2] as Uint8Array | null, version: f[3] as number };
    case CHECK:
      return { type: 'check', path };
    default:
      throw new Error(`there is no part of kind ${String(f[0])} in a multi`);
  }
}

function aclOf(wire: unknown): Acl {
  return wire === null ? OPEN_ACL : aclFromWire(wire as AclEntryWire[]);
}
