/**
 * A client session as the ensemble knows it: its timeout, its secret, the znodes that go with it, and the results of its
 * last writes. A write that is sent again, to whichever server, finds its first result here: that makes retries safe.
 *
 * Who is connected where, and when a session expires, is no part of the replicated state.
 */
import { errorCodes, Hasher, isRefusal, limits, type OpCode, type Refusal, type Result } from '@synod/protocol';

/** The result of one write, kept until the client says that it has it. */
export interface KeptResult {
  /** The number of the write within its session. */
  readonly number: number;
  readonly zxid: number;
  /** The operation, which tells the form of the result; 0 for none. */
  readonly op: OpCode | 0;
  readonly result: Result | Refusal;
}

/** What other parts of a server may read of a session. */
export interface Session {
  /** The zxid of the transaction that created it. */
  readonly id: number;
  /** Milliseconds of silence after which it expires. */
  readonly timeout: number;
  /** SHA-256 of the secret, 32 bytes: the log holds no secret. */
  readonly secretHash: Uint8Array;
  /** Highest number of a write that was applied. */
  readonly lastNumber: number;
  /** The client has the results of all writes up to this number. */
  readonly acked: number;
  /** Results behind `acked`, oldest first. */
  readonly results: readonly KeptResult[];
  /** Paths of its ephemeral znodes. */
  readonly ephemerals: ReadonlySet<string>;
}

/** A session; changed by state.ts only. */
export class SessionState implements Session {
  readonly id: number;
  readonly timeout: number;
  readonly secretHash: Uint8Array;
  readonly ephemerals = new Set<string>();
  readonly results: KeptResult[] = [];
  lastNumber: number;
  acked: number;
  /** Hash of what never changes. */
  readonly #fixed: number;
  #weight = 0;

  constructor(id: number, timeout: number, secretHash: Uint8Array, lastNumber = 0, acked = 0) {
    this.id = id;
    this.timeout = timeout;
    this.secretHash = secretHash;
    this.lastNumber = lastNumber;
    this.acked = acked;
    this.#fixed = new Hasher(SESSION_SEED).number(id).number(timeout).bytes(secretHash).value();
  }

  /** Its term in the digest, without the results: they are terms of their own. */
  hash(): number {
    return new Hasher(this.#fixed).number(this.lastNumber).number(this.acked).value();
  }

  /** The term of a kept result in the digest. */
  resultHash(kept: KeptResult): number {
    const code = isRefusal(kept.result) ? errorCodes[kept.result.code] : 0;
    return new Hasher(this.#fixed).number(kept.number).number(kept.zxid).number(code).value();
  }

  /** Keeps a result. */
  keep(kept: KeptResult): void {
    this.results.push(kept);
    this.#weight += weightOf(kept.result);
  }

  /** Forgets the oldest result that is not needed or not affordable any more and returns it; undefined when all may stay. */
  forgetOne(): KeptResult | undefined {
    const first = this.results[0];
    if (first === undefined) return undefined;
    const tooMany =
      this.results.length > limits.outstandingWrites || (this.#weight > RESULTS_WEIGHT && this.results.length > 1);
    if (first.number > this.acked && !tooMany) return undefined;
    this.results.shift();
    this.#weight -= weightOf(first.result);
    return first;
  }
}

const SESSION_SEED = 2;

/**
 * Bytes, roughly, that the results of one session may take. A client acknowledges results with its next write; one that
 * never does loses the oldest ones first and only harms itself. All servers must agree on this number.
 */
const RESULTS_WEIGHT = 4 * 1_048_576;

/** What a result costs in memory, roughly, but the same on every server. */
function weightOf(result: Result | Refusal): number {
  if (isRefusal(result)) return 100 + result.reason.length + result.path.length;
  if ('results' in result) return result.results.reduce((sum: number, part) => sum + weightOf(part), 100);
  return 'path' in result ? 200 + result.path.length : 200;
}
