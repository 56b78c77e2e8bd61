/** Reads: answered from the applied state of one server. Each checks that there is such a znode, then the permission. */
import {
  fromBinaryString,
  Op,
  Permission,
  refuse,
  type AclResult,
  type ChildrenResult,
  type DataResult,
  type Identity,
  type NumberResult,
  type PathsResult,
  type ReadRequest,
  type Refusal,
  type Result,
  type StatResult,
} from '@synod/protocol';
import { check, denied, redact } from './permissions.js';
import type { State } from './state.js';
import { statOf, type Znode } from './znode.js';

/** Who reads. */
export interface Reader {
  /** 0 for the ensemble itself. */
  readonly session: number;
  readonly identities: readonly Identity[];
  /** True turns all permission checks off. */
  readonly skipAcl: boolean;
}

/**
 * Answers a read. NO_NODE, NO_AUTH and SESSION_EXPIRED are the only refusals; a malformed path simply names no znode.
 * Arming a watch is the caller's: after exists also where the answer is NO_NODE, otherwise only after a result.
 */
export function read(state: State, request: ReadRequest, reader: Reader): Result | Refusal {
  if (reader.session !== 0 && !state.sessions.has(reader.session)) {
    return refuse('SESSION_EXPIRED', '', 'the session has ended');
  }
  switch (request.op) {
    case Op.exists:
      return readNode(state, request.path, reader, exists);
    case Op.getData:
      return readNode(state, request.path, reader, getData);
    case Op.getChildren:
      return readNode(state, request.path, reader, getChildren);
    case Op.getAllChildrenNumber:
      return readNode(state, request.path, reader, getAllChildrenNumber);
    case Op.getAcl:
      return getAcl(state, request.path, reader);
    case Op.getEphemerals:
      return getEphemerals(state, request.prefix, reader);
    case Op.multiRead:
      return { answers: request.operations.map((operation) => read(state, operation, reader)) };
  }
}

function readNode<T>(state: State, path: string, reader: Reader, answer: (node: Znode) => T): T | Refusal {
  const node = state.find(path);
  if (node === undefined) return refuse('NO_NODE', path, 'there is no such znode');
  if (!reader.skipAcl && !check(node.acl.acl, reader.identities, Permission.READ)) {
    return denied(path, Permission.READ, 'the znode');
  }
  return answer(node);
}

function exists(node: Znode): StatResult {
  return { stat: statOf(node) };
}

function getData(node: Znode): DataResult {
  return { data: node.data === null ? null : fromBinaryString(node.data), stat: statOf(node) };
}

/** In no particular order. */
function getChildren(node: Znode): ChildrenResult {
  return { children: node.children === null ? [] : [...node.children.keys()], stat: statOf(node) };
}

/** All descendants, itself not counted. */
function getAllChildrenNumber(node: Znode): NumberResult {
  let number = 0;
  const open: Znode[] = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.children === null) continue;
    number += next.children.size;
    for (const child of next.children.values()) if (child.children !== null) open.push(child);
  }
  return { number };
}

/** Who may read may see the ACL, but the hashes of digest ids only who may change it. */
function getAcl(state: State, path: string, reader: Reader): AclResult | Refusal {
  const node = state.find(path);
  if (node === undefined) return refuse('NO_NODE', path, 'there is no such znode');
  const { acl } = node.acl;
  const stat = statOf(node);
  if (reader.skipAcl || check(acl, reader.identities, Permission.ADMIN)) return { acl, stat };
  if (!check(acl, reader.identities, Permission.READ)) {
    return refuse('NO_AUTH', path, 'this needs the permission READ or ADMIN on the znode');
  }
  return { acl: redact(acl), stat };
}

/** The reader's own; the prefix is one of the text, not of whole names. */
function getEphemerals(state: State, prefix: string, reader: Reader): PathsResult {
  const own = [...(state.sessions.get(reader.session)?.ephemerals ?? [])].sort();
  const all = prefix.trim() === '' || prefix === '/';
  return { paths: all ? own : own.filter((path) => path.startsWith(prefix)) };
}
