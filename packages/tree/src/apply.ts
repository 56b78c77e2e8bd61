/**
 * Applying: a committed transaction changes the state, the same way on every server. What happens depends on the state
 * and the transaction alone, never on a clock or a setting, and nothing is refused: prepare/ has done that. An
 * assertion that fails here means that this server's state is not the one the transaction was prepared against; the
 * process must not go on.
 *
 * This file decides whether a transaction counts at all (its session must live, its number must be new) and remembers
 * results; apply/ holds one file for each kind.
 */
import { isRefusal, Op, refuse, type OpCode, type Refusal, type Reply, type Result } from '@synod/protocol';
import { applyCloseSession } from './apply/close-session.js';
import { applyConfigure } from './apply/configure.js';
import { applyCreate } from './apply/create.js';
import { applyCreateSession } from './apply/create-session.js';
import { applyDelete } from './apply/delete.js';
import { applyMulti } from './apply/multi.js';
import { applySetAcl } from './apply/set-acl.js';
import { applySetData } from './apply/set-data.js';
import type { KeptResult, SessionState } from './session.js';
import type { NodeChange, State } from './state.js';
import type { Txn } from './txn.js';

/** What a transaction has done. */
export interface Applied {
  readonly zxid: number;
  /** Whose write it was, see {@link TxnOrigin}. */
  readonly session: number;
  readonly number: number;
  readonly reply: Reply;
  /** The operation that was asked for, which tells the form of the result; 0 for one of the ensemble's own. */
  readonly op: OpCode | 0;
  /** For watches, in order. */
  readonly changes: readonly NodeChange[];
  readonly createdSession?: {
    readonly id: number;
    readonly server: number;
    readonly tag: number;
    readonly timeout: number;
  };
  /** The id of the session that this ended. */
  readonly closedSession?: number;
}

/** Applies the next transaction. Throws where `zxid` does not lie behind the state's: a bug of the caller. */
export function apply(state: State, zxid: number, txn: Txn): Applied {
  if (zxid <= state.zxid) throw new Error(`transaction ${zxid} comes after ${state.zxid} was applied`);
  state.zxid = zxid;
  const changes: NodeChange[] = [];
  const op = opOf(txn);
  const session = txn.session === 0 ? undefined : state.sessions.get(txn.session);
  if (txn.session !== 0 && session === undefined) {
    return applied(zxid, txn, op, txn.type === 'error' ? txn.refusal : sessionIsGone(), changes);
  }
  if (session === undefined || txn.number === 0) {
    return applied(zxid, txn, op, carryOut(state, txn, changes), changes);
  }
  if (txn.number <= session.lastNumber) {
    const { number } = txn;
    const kept = keptOf(session, number) ?? { zxid, op, result: resultIsGone(number) };
    return {
      zxid,
      session: txn.session,
      number,
      reply: { zxid: kept.zxid, result: kept.result },
      op: kept.op,
      changes,
    };
  }
  const result = carryOut(state, txn, changes);
  if (state.sessions.has(txn.session)) state.record(session, txn.acked, { number: txn.number, zxid, op, result });
  return applied(zxid, txn, op, result, changes);
}

function carryOut(state: State, txn: Txn, changes: NodeChange[]): Result | Refusal {
  const result = change(state, txn, changes);
  state.quotas.settle();
  return result;
}

function change(state: State, txn: Txn, changes: NodeChange[]): Result | Refusal {
  switch (txn.type) {
    case 'create':
      return applyCreate(state, txn, txn, changes);
    case 'delete':
    case 'reap':
      return applyDelete(state, txn.path, changes);
    case 'setData':
      return applySetData(state, txn, txn, changes);
    case 'setAcl':
      return applySetAcl(state, txn);
    case 'multi':
      return applyMulti(state, txn, txn, changes);
    case 'error':
      return txn.refusal;
    case 'createSession':
      return applyCreateSession(state, txn);
    case 'closeSession':
      return applyCloseSession(state, txn, changes);
    case 'configure':
      return applyConfigure(state, txn, txn, changes);
  }
}

function applied(zxid: number, txn: Txn, op: OpCode | 0, result: Result | Refusal, changes: NodeChange[]): Applied {
  const { session, number } = txn;
  const common = { zxid, session, number, reply: { zxid, result }, op, changes };
  if (isRefusal(result)) return common;
  if (txn.type === 'createSession') {
    const { server, tag, timeout } = txn;
    return { ...common, createdSession: { id: zxid, server, tag, timeout } };
  }
  return txn.type === 'closeSession' ? { ...common, closedSession: txn.target } : common;
}

function opOf(txn: Txn): OpCode | 0 {
  switch (txn.type) {
    case 'create':
      return Op.create;
    case 'delete':
      return Op.delete;
    case 'setData':
      return Op.setData;
    case 'setAcl':
      return Op.setAcl;
    case 'multi':
      return Op.multi;
    case 'error':
      return txn.op;
    case 'closeSession':
      return txn.expired ? 0 : Op.closeSession;
    case 'createSession':
    case 'reap':
    case 'configure':
      return 0;
  }
}

/** The answer that a write got, while it is kept. */
export function resultOf(state: State, session: number, number: number): Reply | undefined {
  const owner = state.sessions.get(session);
  const kept = owner && keptOf(owner, number);
  return kept && { zxid: kept.zxid, result: kept.result };
}

function keptOf(session: SessionState, number: number): KeptResult | undefined {
  return session.results.find((kept) => kept.number === number);
}

function sessionIsGone(): Refusal {
  return refuse('SESSION_EXPIRED', '', 'the session has ended');
}

/** The write was carried out or refused, but nobody knows which any more. */
function resultIsGone(number: number): Refusal {
  const reason = `the result of write ${number} is not kept any more`;
  return { code: 'RUNTIME_INCONSISTENCY', reason, path: '', outcome: 'unknown', index: -1 };
}
