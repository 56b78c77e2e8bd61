/**
 * What an operation of the disk meets: the power that may go, syncs that fail or lie, no room. Counts down the faults.
 */
import { noFaults, PowerCut, type DiskFaults } from './sim-disk.js';

/** What came of a sync that did not fail. */
export type Synced = 'done' | 'lied';

/** An error of the system or of SQLite: `code` is its name. */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The power of one disk. */
export class Power {
  readonly faults: DiskFaults = noFaults();
  #gone = false;
  #syncFailed = false;
  /** Grows with each death of the process; what an earlier one opened is of no use any more. */
  #generation = 0;

  get generation(): number {
    return this.#generation;
  }

  /** Throws PowerCut where there is no power, and an error where the process that opened the thing is gone. */
  check(generation: number = this.#generation): void {
    if (this.#gone) throw new PowerCut();
    if (generation !== this.#generation) throw failure('EBADF', 'the process that opened this is gone');
  }

  /** To be called when a write has been handed to the system. Throws PowerCut where the power goes in the middle. */
  write(): void {
    this.#count();
  }

  /** To be called before what is synced counts as durable. `code` is how a failure is named. Throws that, or PowerCut. */
  sync(code: string): Synced {
    this.#count();
    const { faults } = this;
    const fails = faults.failSync > 0 && --faults.failSync === 0;
    if (fails || (this.#syncFailed && faults.failSyncSticky)) {
      this.#syncFailed = true;
      throw failure(code, `a sync failed (${code})`);
    }
    return faults.lie ? 'lied' : 'done';
  }

  /** Throws where the disk is full. */
  grow(code: string): void {
    this.check();
    if (this.faults.full) throw failure(code, `no space is left on the disk (${code})`);
  }

  /** The process is gone; the power is there again. */
  restart(): void {
    this.#generation++;
    this.#gone = false;
  }

  /** Another disk in place of this one: failures of the old one say nothing about it. */
  renew(): void {
    this.#syncFailed = false;
  }

  #count(): void {
    this.check();
    const { faults } = this;
    if (faults.cutAfter === 0 || --faults.cutAfter > 0) return;
    this.#gone = true;
    throw new PowerCut();
  }
}
