/**
 * The history of a chaos run: its clock, and the files that client processes write, one record a line. The records
 * themselves are those of the simulator (@synod/simulator/history), so the same checkers judge both.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { addRecord, emptyHistory } from '@synod/simulator/history';
import { historyLine, readHistoryLine } from '@synod/simulator/history-file';

/**
 * @typedef {import('@synod/simulator/history').AnyRecord} AnyRecord
 * @typedef {import('@synod/simulator/history').EventRecord} EventRecord
 * @typedef {import('@synod/simulator/history').History} History
 * @typedef {import('@synod/simulator/history').LockRecord} LockRecord
 * @typedef {import('@synod/simulator/history').OpRecord} OpRecord
 * @typedef {import('@synod/simulator/history').Violation} Violation
 */

export { emptyHistory };

/** Milliseconds on the clock that all processes of this machine share. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
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
    this.#stream.write(`${historyLine(record)}\n`);
  }

  /** @returns {Promise<void>} when all is in the file */
  close() {
    return new Promise((resolve, reject) => {
      this.#stream.once('error', reject);
      this.#stream.end(resolve);
    });
  }
}

/** @param {readonly string[]} files @returns {Promise<History>} */
export async function readHistory(files) {
  const history = emptyHistory();
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      addRecord(history, readHistoryLine(line));
    }
  }
  return history;
}
