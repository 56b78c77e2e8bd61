/**
 * The disks of the servers, in the hands of the chaos run: a library that is preloaded into each server makes its writes
 * or syncs fail once a file says so, without any privilege. It can do so on Linux only (recorder.js).
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileRecorder } from '../recorder.js';

/** What the file says: which calls fail, with what, on which files, how often. @type {Readonly<Record<import('./fault-kinds.js').DiskFault, string>>} */
const faults = {
  // ENOSPC for everything until there is room again.
  'disk-full': 'write 28 * 1000000000',
  // EIO once; a second try would succeed, and lose what the first has lost.
  'sync-fails': 'sync 5 * 1',
};

export class Disks {
  #dir;
  #library;

  /** @param {string} dir the folder of the run */
  constructor(dir) {
    this.#dir = dir;
    this.#library = compileRecorder(dir);
  }

  /** What a server's process needs in its environment. @param {import('../ensemble.js').Member} member */
  env({ id, dataDir }) {
    return {
      LD_PRELOAD: this.#library,
      SYNOD_RECORD_DIR: dataDir,
      SYNOD_RECORD_FILE: '/dev/null',
      SYNOD_RECORD_FAULT: this.#file(id),
    };
  }

  /** From now on the disk of a server fails. @param {number} id @param {import('./fault-kinds.js').DiskFault} kind */
  fail(id, kind) {
    writeFileSync(this.#file(id), faults[kind]);
  }

  /** @param {number} id */
  heal(id) {
    rmSync(this.#file(id), { force: true });
  }

  /** @param {number} id */
  #file(id) {
    return join(this.#dir, `disk-${id}`);
  }
}
