/**
 * Znodes and sessions as rows of the state at rest. Values are MessagePack arrays:
 *
 *     n + path            data|nil acl|nil czxid mzxid pzxid ctime mtime version aversion creates kind owner ttl
 *     s + 16-digit id     timeout secretHash lastNumber acked [result …]
 *
 *     result              number zxid op 0 …result | number zxid op …refusal       (forms of @synod/protocol)
 *
 * nil for the ACL is the open one. A parent's key sorts before the keys of its children, and znodes before sessions.
 */
import {
  aclFromWire,
  aclToWire,
  Fields,
  fromBinaryString,
  isRefusal,
  OPEN_ACL,
  pack,
  readRefusal,
  refusalToWire,
  resultFromWire,
  resultToWire,
  toBinaryString,
  unpack,
  type Acl,
  type AclEntryWire,
  type OpCode,
} from '@synod/protocol';
import { SessionState, type KeptResult } from './session.js';
import { lifetimeOf, NodeKind, type Lifetime, type Znode, type ZnodeFields } from './znode.js';

/** One row of the state at rest; null says that the row is gone. */
export interface StateRow {
  readonly key: string;
  readonly value: Uint8Array | null;
}

const ID_DIGITS = 16;

/** The row of a znode, or of a path where there is none. */
export function znodeRow(path: string, node: Znode | undefined): StateRow {
  return { key: `n${path}`, value: node === undefined ? null : pack(znodeValue(node)) };
}

function znodeValue(node: Znode): unknown[] {
  const lifetime = node.lifetime;
  return [
    node.data === null ? null : fromBinaryString(node.data),
    node.acl.acl === OPEN_ACL ? null : aclToWire(node.acl.acl),
    node.czxid,
    node.mzxid,
    node.pzxid,
    node.ctime,
    node.mtime,
    node.version,
    node.aversion,
    node.creates,
    lifetime?.kind ?? 0,
    lifetime?.owner ?? 0,
    lifetime?.ttl ?? 0,
  ];
}

/** The row of a session, or of an id where there is none. */
export function sessionRow(id: number, session: SessionState | undefined): StateRow {
  const key = `s${String(id).padStart(ID_DIGITS, '0')}`;
  if (session === undefined) return { key, value: null };
  const { timeout, secretHash, lastNumber, acked, results } = session;
  return { key, value: pack([timeout, secretHash, lastNumber, acked, results.map(keptToWire)]) };
}

function keptToWire({ number, zxid, op, result }: KeptResult): unknown[] {
  if (isRefusal(result)) return [number, zxid, op, ...refusalToWire(result)];
  return [number, zxid, op, 0, ...(op === 0 ? [] : resultToWire(op, result))];
}

function keptFromWire(wire: readonly unknown[]): KeptResult {
  const [number, zxid, op, code] = wire as [number, number, OpCode | 0, number];
  if (code !== 0) return { number, zxid, op, result: readRefusal(code, new Fields(wire, 'kept result', 4)) };
  return { number, zxid, op, result: op === 0 ? {} : resultFromWire(op, wire.slice(4)) };
}

/** The value of a znode's row, with the ACL still to be shared. */
export interface ZnodeRowFields extends Omit<ZnodeFields, 'acl'> {
  readonly acl: Acl;
}

/** Reads the value of a znode's row. */
export function readZnodeRow(value: Uint8Array): ZnodeRowFields {
  const f = unpack(value) as [Uint8Array | null, AclEntryWire[] | null, ...number[]];
  const n = f as unknown as readonly number[];
  return {
    data: f[0] === null ? null : toBinaryString(f[0]),
    acl: f[1] === null ? OPEN_ACL : aclFromWire(f[1]),
    czxid: n[2]!,
    mzxid: n[3]!,
    pzxid: n[4]!,
    ctime: n[5]!,
    mtime: n[6]!,
    version: n[7]!,
    aversion: n[8]!,
    creates: n[9]!,
    lifetime: readLifetime(n[10]!, n[11]!, n[12]!),
  };
}

/** The digest hashes no more than a lifetime holds, so nothing else may stand in a row. */
function readLifetime(kind: number, owner: number, ttl: number): Lifetime | null {
  if (!KINDS.has(kind)) throw new Error(`there is no kind of znode ${kind}`);
  const lifetime = lifetimeOf(kind as NodeKind, owner, ttl);
  if (owner !== (lifetime?.owner ?? 0) || ttl !== (lifetime?.ttl ?? 0)) {
    throw new Error(`a znode of kind ${kind} cannot have the owner ${owner} and the time to live ${ttl}`);
  }
  return lifetime;
}

const KINDS: ReadonlySet<number> = new Set(Object.values(NodeKind));

/** Reads a session's row. */
export function readSessionRow(key: string, value: Uint8Array): SessionState {
  const [timeout, secretHash, lastNumber, acked, results] = unpack(value) as [
    number,
    Uint8Array,
    number,
    number,
    unknown[][],
  ];
  const session = new SessionState(Number(key.slice(1)), timeout, secretHash.slice(), lastNumber, acked);
  for (const kept of results) session.keep(keptFromWire(kept));
  return session;
}
