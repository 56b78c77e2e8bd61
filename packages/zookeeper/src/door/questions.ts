/**
 * The requests of one connection that wait for their answer, oldest first. ZooKeeper's own numbers (`xid`) are not unique,
 * so towards the replica each has a number of its own: 1, 2, 3 … without gap, which is also the order of the answers.
 */
import type { OpCode } from '@synod/protocol';
import type { SaslRecord } from '../record/auth.js';
import type { RequestRecord, RequestType } from '../request.js';
import type { Answer } from '../translate/response.js';

/** A request that the replica knows. */
export interface Asked {
  readonly kind: 'asked';
  readonly record: Exclude<RequestRecord, SaslRecord>;
}

/** An answer that does not come from the replica. */
export interface PreparedAnswer extends Answer {
  readonly kind: 'prepared';
  /** In place of the zxid of the state; null for that one. */
  readonly zxid: number | null;
  /** The connection ends behind it. */
  readonly last: boolean;
}

/** A request that waits. */
export interface Question {
  /** The client's number, which the answer has to show. */
  readonly xid: number;
  readonly type: RequestType;
  /** What was asked, or what is to be answered, where the replica is only asked to say when. */
  readonly what: Asked | PreparedAnswer;
  /** The operation that the replica was asked for. */
  readonly op: OpCode;
  readonly isWrite: boolean;
  /** When it came. */
  readonly at: number;
}

/** Where the answered ones are forgotten. */
const SPARE = 1_024;

export class Questions {
  #list: Question[] = [];
  #head = 0;
  #answered = 0;

  get size(): number {
    return this.#list.length - this.#head;
  }

  /** The number of the first one that waits, or of the next that will. */
  get first(): number {
    return this.#answered + 1;
  }

  get head(): Question | undefined {
    return this.#list[this.#head];
  }

  /** Puts one behind the others; returns its number. */
  add(question: Question): number {
    this.#list.push(question);
    return this.#answered + this.size;
  }

  /** Takes the first one away. Throws an Error where its number is not `number`: that is a bug of the replica. */
  take(number: number): Question {
    const question = this.head;
    if (question === undefined || number !== this.first) {
      throw new Error(`request ${number} is answered where the answer of ${this.first} was due`);
    }
    this.#answered++;
    this.#head++;
    if (this.#head === this.#list.length) {
      this.#list = [];
      this.#head = 0;
    } else if (this.#head > SPARE && this.#head * 2 > this.#list.length) {
      this.#list = this.#list.slice(this.#head);
      this.#head = 0;
    }
    return question;
  }
}
