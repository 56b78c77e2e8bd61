/**
 * The size of a transaction, mostly without encoding it: a lower and an upper bound decide nearly always. The lower one
 * also stops a multi whose ACL entries for "auth" multiply before it takes memory that its request never had.
 */
import type { Acl } from '@synod/protocol';
import { encodeTxn, type Change, type MultiPart, type Txn } from '../txn.js';

/** Bytes of headers for each value and each origin, at most. */
const OVERHEAD = 64;

/** True where the body of a transaction is longer than `most` bytes. */
export function isTooLong(txn: Txn, most: number): boolean {
  const characters =
    txn.type === 'multi' ? txn.parts.reduce((sum, part) => sum + leastBytes(part), 0) : leastBytes(txn);
  if (characters > most) return true;
  const values = txn.type === 'multi' ? txn.parts.reduce((sum, part) => sum + valuesOf(part), 1) : valuesOf(txn);
  return characters * 3 + values * OVERHEAD > most && encodeTxn(txn).length > most;
}

/** Bytes that a change certainly takes: one for each character and each byte of data. */
export function leastBytes(change: Change | MultiPart): number {
  switch (change.type) {
    case 'create':
      return change.path.length + (change.data?.length ?? 0) + aclCharacters(change.acl);
    case 'setData':
      return change.path.length + (change.data?.length ?? 0);
    case 'setAcl':
      return change.path.length + aclCharacters(change.acl);
    case 'delete':
    case 'check':
    case 'reap':
      return change.path.length;
    case 'configure':
      return change.data.length;
    default:
      return 0;
  }
}

function valuesOf(change: Change | MultiPart): number {
  return 'acl' in change ? 2 + change.acl.length : 2;
}

function aclCharacters(acl: Acl): number {
  return acl.reduce((sum, { scheme, id }) => sum + scheme.length + id.length, 0);
}
