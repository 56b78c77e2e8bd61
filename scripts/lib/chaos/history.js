/**
 * What clients report of a run, one record a line: every operation with its outcome, every watch event, every change of a
 * session's state. The checkers (check-*.js) judge it against the servers' logs. All times are milliseconds of the one
 * monotonic clock of the machine, so that records of several processes compare; `seq` orders what one client saw.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} OpRecord one call
 * @property {'op'} t
 * @property {string} client
 * @property {number} session
 * @property {number} seq when the caller got the answer
 * @property {number} conn number of the client's connection then
 * @property {string} op name of the method
 * @property {string} path
 * @property {boolean} write
 * @property {number} number of the write within its session; 0 for a read and for what was never sent
 * @property {number} sent when it was first sent; where it never was, when it was called
 * @property {number} end when it was answered
 * @property {'ok' | 'fail' | 'unknown'} outcome fail: certainly without effect
 * @property {string} code of the error, or empty
 * @property {number} zxid of the answer; 0 where no server answered
 * @property {string | null} result the canonical form of the answer
 * @property {{ id: number; kind: WatchKind } | null} watch that the call arms where it succeeds
 *
 * @typedef {'data' | 'child' | 'recursive'} WatchKind
 *
 * @typedef {object} EventRecord a watch that fired
 * @property {'event'} t
 * @property {string} client
 * @property {number} session
 * @property {number} seq
 * @property {number} conn number of the client's connection
 * @property {number} watch
 * @property {number} type
 * @property {string} path
 * @property {number} zxid
 *
 * @typedef {object} SessionRecord a session that was opened
 * @property {'session'} t
 * @property {string} client
 * @property {number} session
 * @property {number} timeout
 * @property {number} at
 *
 * @typedef {object} StateRecord
 * @property {'state'} t
 * @property {string} client
 * @property {number} session
 * @property {number} seq
 * @property {number} at
 * @property {string} state
 * @property {string} cause
 * @property {number} wall milliseconds since 1970, of `contact`
 * @property {number} contact when the last request that was answered had been sent
 *
 * @typedef {object} EndRecord how its owner ended a client; abandoned: without a word to the servers
 * @property {'end'} t
 * @property {string} client
 * @property {number} session
 * @property {'closed' | 'abandoned' | 'expired'} how
 * @property {number} at
 *
 * @typedef {object} LockRecord
 * @property {'lock'} t
 * @property {string} client
 * @property {string} lock
 * @property {'acquired' | 'access' | 'released' | 'lost'} what
 * @property {number} token
 * @property {number} at
 * @property {boolean} accepted whether the guarded resource took the access
 *
 * @typedef {object} StallRecord the process of the clients stood still
 * @property {'stall'} t
 * @property {number} at when it was over
 * @property {number} ms
 *
 * @typedef {OpRecord | EventRecord | SessionRecord | StateRecord | EndRecord | LockRecord | StallRecord} AnyRecord
 *
 * @typedef {object} History
 * @property {OpRecord[]} ops
 * @property {EventRecord[]} events
 * @property {SessionRecord[]} sessions
 * @property {StateRecord[]} states
 * @property {EndRecord[]} ends
 * @property {LockRecord[]} locks
 * @property {StallRecord[]} stalls
 *
 * @typedef {object} Violation a broken promise
 * @property {string} rule
 * @property {string} text
 */

/** Milliseconds on the clock that all processes of this machine share. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @returns {History} */
export function emptyHistory() {
  return { ops: [], events: [], sessions: [], states: [], ends: [], locks: [], stalls: [] };
}

/** @param {History} history @param {AnyRecord} record */
export function addRecord(history, record) {
  switch (record.t) {
    case 'op':
      history.ops.push(record);
      return;
    case 'event':
      history.events.push(record);
      return;
    case 'session':
      history.sessions.push(record);
      return;
    case 'state':
      history.states.push(record);
      return;
    case 'end':
      history.ends.push(record);
      return;
    case 'lock':
      history.locks.push(record);
      return;
    case 'stall':
      history.stalls.push(record);
  }
}

/** Writes records into a file. */
export class Recorder {
  #stream;

  /** @param {string} file */
  constructor(file) {
    this.#stream = createWriteStream(file, { highWaterMark: 1 << 20 });
  }

  /** @param {AnyRecord} record */
  add(record) {
    this.#stream.write(`${JSON.stringify(record)}\n`);
  }

  /** @returns {Promise<void>} when all is in the file */
  close() {
    return new Promise((resolve, reject) => {
      this.#stream.once('error', reject);
      this.#stream.end(resolve);
    });
  }
}

/** @param {readonly string[]} files */
export async function readHistory(files) {
  const history = emptyHistory();
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      /** @type {AnyRecord} */
      const record = JSON.parse(line);
      addRecord(history, record);
    }
  }
  return history;
}

/** One text for equal values: keys in order, bytes as text, lists of names in order. */
export function canonical(/** @type {unknown} */ value) {
  return JSON.stringify(ordered(value));
}

/** @param {unknown} value @returns {unknown} */
function ordered(value) {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('latin1')}`;
  if (Array.isArray(value)) {
    const list = value.map(ordered);
    return list.every((one) => typeof one === 'string') ? [...list].sort() : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, ordered(field)]));
}
