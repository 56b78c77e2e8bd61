/** What a server answers: the zxid of the state the answer reflects, and a result or a refusal. */
import type { Acl, Identity } from './acl.js';
import type { ErrorCode } from './error-code.js';
import type { Outcome } from './synod-error.js';
import type { Stat } from './stat.js';
import type { Zxid } from './zxid.js';

/** A refusal as data: what travels, what the log keeps, what {@link SynodError} is made from at the client. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly path: string;
  readonly outcome: Outcome;
  /** In a failed multi: the operation that failed, from 0; otherwise −1. */
  readonly index: number;
}

/** Results, one for each operation that returns something; the others return `{}`. */
export interface PathStatResult {
  readonly path: string;
  readonly stat: Stat;
}
export interface StatResult {
  readonly stat: Stat;
}
export interface DataResult {
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}
export interface AclResult {
  readonly acl: Acl;
  readonly stat: Stat;
}
export interface ChildrenResult {
  readonly children: readonly string[];
  readonly stat: Stat;
}
export interface PathsResult {
  readonly paths: readonly string[];
}
export interface NumberResult {
  readonly number: number;
}
export interface IdentitiesResult {
  readonly identities: readonly Identity[];
}
/** One entry for each operation, in order. */
export interface MultiResult {
  readonly results: readonly Result[];
}
/** One entry for each operation, each a result or a refusal of its own. */
export interface MultiReadResult {
  readonly answers: readonly (Result | Refusal)[];
}
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- nothing is just what is meant
export type EmptyResult = Record<never, never>;

export type Result =
  | PathStatResult
  | StatResult
  | DataResult
  | AclResult
  | ChildrenResult
  | PathsResult
  | NumberResult
  | IdentitiesResult
  | MultiResult
  | MultiReadResult
  | EmptyResult;

/** A refusal tells itself from a result by its code. */
export function isRefusal(value: Result | Refusal): value is Refusal {
  return 'code' in value;
}

/** An answer. */
export interface Reply {
  readonly zxid: Zxid;
  readonly result: Result | Refusal;
}

/** Shorthand for a refusal that certainly changed nothing. */
export function refuse(code: ErrorCode, path: string, reason: string): Refusal {
  return { code, reason, path, outcome: 'not-applied', index: -1 };
}
