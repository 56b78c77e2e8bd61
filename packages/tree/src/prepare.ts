/**
 * Preparing: the leader turns requests into transactions, one after another, judging each by the tree as it will be when
 * everything in flight is applied. Whatever is wrong with a request becomes an `error` transaction: it takes its place
 * in the order of writes like any other.
 *
 * This file decides who may write at all (a session that lives, a new number) and what fits the log; prepare/ holds one
 * file for each operation.
 */
import { Op, refuse, type OpCode, type Refusal, type WriteRequest } from '@synod/protocol';
import { Pending } from './pending.js';
import { prepareConfigure, type ConfigureRequest } from './prepare/configure.js';
import { prepareCloseSession, type ExpireSessionRequest } from './prepare/close-session.js';
import { prepareCreate } from './prepare/create.js';
import { prepareCreateSession, type CreateSessionRequest } from './prepare/create-session.js';
import { prepareDelete } from './prepare/delete.js';
import { prepareMulti } from './prepare/multi.js';
import { prepareReap, type ReapRequest } from './prepare/reap.js';
import type { PrepareContext, PrepareSettings, Scene } from './prepare/scene.js';
import { prepareSetAcl } from './prepare/set-acl.js';
import { prepareSetData } from './prepare/set-data.js';
import { isTooLong } from './prepare/size.js';
import type { Tree } from './tree.js';
import type { Change, Txn } from './txn.js';

/** What the ensemble asks of itself. */
export type InternalRequest = CreateSessionRequest | ExpireSessionRequest | ReapRequest | ConfigureRequest;

/** The leader's side of the tree: one for each leadership, or {@link reset} in between. */
export class Preparer {
  readonly #tree: Tree;
  readonly #settings: PrepareSettings;
  #pending: Pending;

  constructor(tree: Tree, settings: PrepareSettings) {
    this.#tree = tree;
    this.#settings = settings;
    this.#pending = new Pending(tree, settings.quotas !== null);
  }

  /**
   * The transaction that a request becomes. Never throws for what a client has asked. Requests are to be prepared in the
   * order of their zxids, and each transaction that this returns must be applied before a later one is.
   */
  prepare(request: WriteRequest | InternalRequest, context: PrepareContext): Txn {
    const view = this.#pending;
    const { session, number, acked, time } = context;
    const refused = (refusal: Refusal): Txn => ({
      session,
      number,
      acked,
      time,
      type: 'error',
      op: opOf(request),
      refusal,
    });
    view.begin(context.zxid);
    const lastNumber = session === 0 ? 0 : view.lastNumber(session);
    if (lastNumber === undefined) return refused(refuse('SESSION_EXPIRED', '', 'the session has ended'));
    if (session !== 0 && number !== 0) {
      if (number <= lastNumber) return refused(repeated(number, lastNumber));
      view.putSession(session, number, false);
    }
    const change = prepareChange({ view, settings: this.#settings, context }, request);
    if ('code' in change) {
      view.rollback();
      return refused(change);
    }
    const txn: Txn = { session, number, acked, time, ...change };
    if (isTooLong(txn, this.#settings.transactionBytes)) {
      view.rollback();
      const path = 'path' in change ? change.path : '';
      const reason = `the transaction would be longer than ${this.#settings.transactionBytes} bytes`;
      return refused(refuse('BAD_ARGUMENTS', path, reason));
    }
    view.commit();
    return txn;
  }

  /** Everything up to this zxid is applied to the tree: forget what was only to come. */
  applied(zxid: number): void {
    this.#pending.applied(zxid);
  }

  /** Forgets everything in flight: a new leadership starts from the applied tree. */
  reset(): void {
    this.#pending = new Pending(this.#tree, this.#settings.quotas !== null);
  }

  /** The highest number of a session's writes, applied or in flight; undefined where the session is unknown or closing. */
  lastNumber(session: number): number | undefined {
    return this.#pending.lastNumber(session);
  }
}

function prepareChange(scene: Scene, request: WriteRequest | InternalRequest): Change | Refusal {
  switch (request.op) {
    case Op.create:
      return prepareCreate(scene, request);
    case Op.delete:
      return prepareDelete(scene, request);
    case Op.setData:
      return prepareSetData(scene, request);
    case Op.setAcl:
      return prepareSetAcl(scene, request);
    case Op.multi:
      return prepareMulti(scene, request);
    case Op.closeSession:
      return prepareCloseSession(scene, scene.context.session, false);
    case 'createSession':
      return prepareCreateSession(scene, request);
    case 'expireSession':
      return prepareCloseSession(scene, request.target, true);
    case 'reap':
      return prepareReap(scene, request);
    case 'configure':
      return prepareConfigure(scene, request);
  }
}

function opOf(request: WriteRequest | InternalRequest): OpCode | 0 {
  return typeof request.op === 'string' ? 0 : request.op;
}

/** Applying it changes nothing either: a number counts once. */
function repeated(number: number, lastNumber: number): Refusal {
  const reason = `write ${number} was sent before, the last one was ${lastNumber}`;
  return { code: 'RUNTIME_INCONSISTENCY', reason, path: '', outcome: 'unknown', index: -1 };
}
