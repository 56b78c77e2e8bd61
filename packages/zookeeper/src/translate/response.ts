/**
 * Synod's results and refusals to ZooKeeper's answers. Most results are ZooKeeper's records as they are; a multi that was
 * refused is not an error to ZooKeeper, but a list of errors.
 */
import {
  errorCodes,
  isRefusal,
  type MultiReadResult,
  type MultiResult,
  type Refusal,
  type Result,
  type StatResult,
} from '@synod/protocol';
import { ERROR_RESULT, ZooKeeperOp } from '../op.js';
import type { SaslRecord } from '../record/auth.js';
import type { MultiRecord, MultiResponse, MultiResultRecord } from '../record/multi.js';
import type { RequestRecord } from '../request.js';
import type { ResponseRecord } from '../response.js';

/** What {@link writeReply} needs besides the numbers of the reply. */
export interface Answer {
  /** 0, or ZooKeeper's number of the error; then there is no body. */
  readonly err: number;
  readonly body: ResponseRecord;
}

/** The answer to a request, where `result` is what Synod answers to its translation, or the refusal to translate it. */
export function toResponse(record: Exclude<RequestRecord, SaslRecord>, result: Result | Refusal): Answer {
  if (!isRefusal(result)) return { err: 0, body: bodyOf(record, result) };
  if (record.type === ZooKeeperOp.multi && result.index >= 0) return { err: 0, body: failedMulti(record, result) };
  return { err: errorCodes[result.code], body: null };
}

function bodyOf(record: Exclude<RequestRecord, SaslRecord>, result: Result): ResponseRecord {
  switch (record.type) {
    case ZooKeeperOp.multi:
      return multiResponseOf(record, result as MultiResult);
    case ZooKeeperOp.multiRead:
      return multiReadResponseOf(result as MultiReadResult);
    case ZooKeeperOp.sync:
      return { path: record.path };
    case ZooKeeperOp.addWatch:
      return { err: 0 };
    case ZooKeeperOp.delete:
    case ZooKeeperOp.ping:
    case ZooKeeperOp.checkWatches:
    case ZooKeeperOp.removeWatches:
    case ZooKeeperOp.auth:
    case ZooKeeperOp.setWatches:
    case ZooKeeperOp.setWatches2:
    case ZooKeeperOp.closeSession:
      return null;
    default:
      // Field for field what Synod says; create and getChildren leave out the Stat when they are written.
      return result as ResponseRecord;
  }
}

/** Every create but the plain one is answered as create2, also containers and TTL znodes. */
function multiResponseOf(record: MultiRecord, { results }: MultiResult): MultiResponse {
  return {
    results: record.operations.map(({ type }, index): MultiResultRecord => {
      const result = results[index]!;
      switch (type) {
        case ZooKeeperOp.delete:
        case ZooKeeperOp.check:
          return { type };
        case ZooKeeperOp.setData:
          return { type, stat: (result as StatResult).stat };
        case ZooKeeperOp.create:
          return { ...(result as { readonly path: string }), type };
        default:
          return { ...(result as { readonly path: string } & StatResult), type: ZooKeeperOp.create2 };
      }
    }),
  };
}

/** Errors only: 0 for the operations before the one that failed, and "not carried out" for those behind it. */
function failedMulti({ operations }: MultiRecord, { code, index }: Refusal): MultiResponse {
  return {
    results: operations.map((_operation, i) => {
      const err = i < index ? 0 : i === index ? errorCodes[code] : errorCodes.RUNTIME_INCONSISTENCY;
      return { type: ERROR_RESULT, err };
    }),
  };
}

function multiReadResponseOf({ answers }: MultiReadResult): MultiResponse {
  return {
    results: answers.map((answer): MultiResultRecord => {
      if (isRefusal(answer)) return { type: ERROR_RESULT, err: errorCodes[answer.code] };
      if ('data' in answer) return { ...answer, type: ZooKeeperOp.getData };
      if ('children' in answer) return { ...answer, type: ZooKeeperOp.getChildren };
      throw new Error('a multiRead has an answer that is neither data nor children');
    }),
  };
}
