import { errorCodes, isRetryable, type ErrorCode } from './error-code.js';

/** Whether a refused or lost operation may nevertheless have changed the tree. */
export type Outcome = 'not-applied' | 'unknown';

/** What {@link SynodError} is made from. */
export interface SynodErrorInit {
  readonly code: ErrorCode;
  /** In words, for people: what was wrong and what is allowed. */
  readonly reason: string;
  /** The path the refusal is about, where it is about one. */
  readonly path?: string | undefined;
  /** Default: not-applied. */
  readonly outcome?: Outcome | undefined;
  /** In a failed multi: which operation failed, from 0. */
  readonly index?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class of Synod. `code` is stable and what programs branch on (never `instanceof` across realms, never
 * the message); `outcome` says whether the operation may have been applied; `retryable` whether sending it again makes
 * sense.
 */
export class SynodError extends Error {
  override readonly name = 'SynodError';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly path: string | undefined;
  readonly outcome: Outcome;
  readonly index: number | undefined;

  constructor(init: SynodErrorInit) {
    super(
      `${init.code}: ${init.reason}${init.path === undefined ? '' : ` (${printPath(init.path)})`}`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.code = init.code;
    this.reason = init.reason;
    this.path = init.path;
    this.outcome = init.outcome ?? 'not-applied';
    this.index = init.index;
  }

  /** The number of the code, as it travels. */
  get number(): number {
    return errorCodes[this.code];
  }

  /** True where the same request may succeed when it is sent again. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }
}

/**
 * A fault in what the other side sent. The connection survives it where the request could be told apart. It has no stack:
 * that would show this package only, and take longer than everything else when somebody sends nothing but faults.
 */
export function fault(code: 'MARSHALLING_ERROR' | 'UNIMPLEMENTED', reason: string): SynodError {
  const settings = Error as { stackTraceLimit?: number | undefined };
  const before = settings.stackTraceLimit;
  settings.stackTraceLimit = 0;
  try {
    return new SynodError({ code, reason });
  } finally {
    settings.stackTraceLimit = before;
  }
}

/** A {@link fault} of the kind MARSHALLING_ERROR, which nearly all are. */
export function badMessage(reason: string): SynodError {
  return fault('MARSHALLING_ERROR', reason);
}

function printPath(path: string): string {
  const short = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return /^[\x21-\x7e]*$/.test(short) ? short : JSON.stringify(short);
}

/** True for a SynodError, also one of another copy of this package. */
export function isSynodError(value: unknown): value is SynodError {
  return value instanceof Error && value.name === 'SynodError' && 'code' in value && 'outcome' in value;
}
