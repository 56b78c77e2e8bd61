/**
 * The power-cut run: one seed is a random program of a server on a simulated disk, whose power is cut inside a random write
 * or sync (of a commit, a checkpoint, the layout, a repair, an adoption, and of the recovery from the cut before), and
 * what the storage's own recovery makes of the rest is compared with what had been acknowledged.
 *
 * What was acknowledged has to be there, what was on its way as a whole or not at all, and nothing else; the directory
 * always opens, and speaks of no damage. Some seeds end with damage to what the last cut left: then it has to be noticed
 * where anything that was acknowledged is gone. Left out: syncs that fail, full disks.
 */
import { codeOf } from '@synod/storage/storage-error';
import type { DamageKind, DiskImage, SimDisk } from './sim-disk.js';
import { Random } from '../random.js';
import { PowerServer } from './power-server.js';
import { drawSteps, type Step } from './power-program.js';
import { damageDifference, difference, EMPTY_WORLD, States, type World } from './power-world.js';

/** What the run works on. */
export interface CutRig {
  /** A disk for one seed; `random` decides on its properties. `release` is called when it is no longer needed. */
  makeDisk(random: Random): { readonly disk: SimDisk; readonly release: () => void };
  /** Disks that say "synced" and are not. */
  readonly lie?: boolean;
  /** A directory that was laid out, to begin with; made and kept here. */
  template?: DiskImage;
}

/** One seed. */
export interface CutResult {
  readonly seed: number;
  /** In words: what was lost, or is not as it must be; null: all is well. */
  readonly violation: string | null;
  /** What was going on at each cut, in order. */
  readonly cuts: readonly string[];
  /** Steps that were acknowledged. */
  readonly steps: number;
  /** Damages done. */
  readonly damages: number;
}

/** Starts that are cut again at most, one after the other. */
const MAX_CUT_STARTS = 3;

const DAMAGES: readonly DamageKind[] = ['flip', 'cut-log', 'lose-tail', 'swap', 'zero', 'old-copy', 'watermark'];

class Violation extends Error {}

/** Runs one seed. The same seed and kind of disk give the same result, on every machine. */
export function powerCut(seed: number, rig: CutRig): CutResult {
  const random = new Random(seed, 'power cut');
  const { disk, release } = rig.makeDisk(random.fork('disk'));
  const run = new Run(disk, random);
  try {
    if (random.chance(0.85)) disk.restore((rig.template ??= layOut(rig)));
    disk.faults.lie = rig.lie ?? false;
    run.rounds(random.int(1, 3));
    return { seed, violation: null, cuts: run.cuts, steps: run.steps, damages: run.damages };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { seed, violation: error.message, cuts: run.cuts, steps: run.steps, damages: run.damages };
  } finally {
    release();
  }
}

function layOut(rig: CutRig): DiskImage {
  const { disk, release } = rig.makeDisk(new Random(0, 'template'));
  new PowerServer(disk).close();
  disk.syncNames();
  const image = disk.snapshot();
  release();
  return image;
}

/** 'refused': damage was found while everything was read. */
function startOrRefuse(disk: SimDisk, mayRefuse: boolean): PowerServer | 'refused' {
  try {
    return new PowerServer(disk);
  } catch (error) {
    if (mayRefuse && codeOf(error) === 'DAMAGED') return 'refused';
    throw error;
  }
}

class Run {
  readonly cuts: string[] = [];
  steps = 0;
  damages = 0;
  readonly #disk: SimDisk;
  readonly #random: Random;
  readonly #states = new States();
  /** What the directory has to hold: this, or while something is on its way also the second. */
  #worlds: readonly [World] | readonly [World, World] = [EMPTY_WORLD];
  #server: PowerServer | null = null;

  constructor(disk: SimDisk, random: Random) {
    this.#disk = disk;
    this.#random = random;
  }

  rounds(count: number): void {
    for (let round = 0; round < count; round++) {
      this.#start(MAX_CUT_STARTS);
      this.#program(this.#random.int(1, 12));
      this.#fail();
    }
    // While something is on its way, a part of what was there before may be given up already.
    if (this.#worlds.length === 1 && this.#random.chance(0.4)) this.#rot(this.#worlds[0]);
    else this.#start(0);
  }

  /** One damage to what the last cut left: it is noticed, repaired or harmless. */
  #rot(world: World): void {
    const words = this.#disk.damage(this.#random, this.#random.pick(DAMAGES));
    if (words === null) return this.#start(0);
    this.damages++;
    for (let attempt = 0; ; attempt++) {
      // Damage that is found by reading refuses to go on, and leaves a note for the next start.
      const server = this.#attempt(`start after damage (${words})`, () => startOrRefuse(this.#disk, attempt < 3));
      this.#disk.processDied();
      if (server === 'refused' || server === null) continue;
      const problem = damageDifference(world, server.found, this.#states);
      if (problem === null) return;
      throw new Violation(`${problem} (damaged: ${words}; repaired: ${server.found.proof.repaired})`);
    }
  }

  /** Opens and compares; up to so many starts are cut. */
  #start(cuts: number): void {
    for (let left = cuts; ; left--) {
      if (left > 0 && this.#random.chance(0.3)) this.#arm(this.#random.pick([12, 40, 110]));
      this.#server = this.#attempt('start', () => new PowerServer(this.#disk));
      if (this.#server !== null) break;
      this.#fail();
    }
    const { found } = this.#server;
    const { damage, repaired } = found.proof;
    if (damage !== null) throw new Violation(`damage is reported: ${damage}`);
    if (repaired !== null) throw new Violation(`a repair is reported: ${repaired}`);
    const differences = this.#worlds.map((world) => difference(world, found, this.#states));
    const index = differences.indexOf(null);
    if (index < 0) throw new Violation(`${differences.join('; or ')} (after: ${this.cuts.at(-1) ?? 'nothing'})`);
    this.#worlds = [this.#worlds[index]!];
  }

  /** Steps until the power is cut, or so many are done. */
  #program(length: number): void {
    const fatal = this.#random.int(0, length - 1);
    for (let i = 0; i < length; i++) {
      const steps = drawSteps(this.#random, this.#worlds[0], this.#states);
      const armed = i === fatal ? this.#random.int(0, steps.length - 1) : -1;
      for (const [index, step] of steps.entries()) {
        if (index === armed) this.#arm(this.#random.pick([4, 12, 40]));
        if (!this.#take(step)) return;
      }
      if (this.#random.chance(0.06) && !this.#restart()) return;
    }
    // Nothing was cut: what goes now is the power of a server at rest.
    if (this.#disk.faults.cutAfter === 0 || this.#restart()) this.cuts.push('rest');
  }

  #take(step: Step): boolean {
    const before = this.#worlds[0];
    this.#worlds = [before, step.after];
    const done = this.#attempt(step.name, () => {
      step.run(this.#server!);
      return true;
    });
    if (done === null) return false;
    this.#worlds = [step.after];
    this.steps++;
    return true;
  }

  /** A shutdown in order, and another process. */
  #restart(): boolean {
    const closed = this.#attempt('close', () => {
      this.#server!.close();
      return true;
    });
    if (closed === null) return false;
    this.#disk.processDied();
    const server = this.#attempt('start', () => new PowerServer(this.#disk));
    if (server === null) return false;
    this.#server = server;
    return true;
  }

  /** The answer; null where the power went meanwhile. Anything else that is thrown is a violation. */
  #attempt<T>(what: string, body: () => T): T | null {
    let result: T | null = null;
    let thrown: unknown = null;
    try {
      result = body();
    } catch (error) {
      thrown = error ?? new Error('undefined was thrown');
    }
    if (this.#isDead()) {
      this.cuts.push(what);
      return null;
    }
    if (thrown === null) return result;
    if (typeof thrown === 'object' && 'stack' in thrown) throw new Violation(`${what}: ${String(thrown.stack)}`);
    throw new Violation(`${what}: ${JSON.stringify(thrown)}`);
  }

  /** The storage may have turned the loss of power into an error of its own: the disk knows. */
  #isDead(): boolean {
    try {
      this.#disk.list();
      return false;
    } catch {
      return true;
    }
  }

  #arm(most: number): void {
    this.#disk.faults.cutAfter = this.#random.int(1, most);
  }

  /** Mostly the power, sometimes only the process. */
  #fail(): void {
    this.#disk.faults.cutAfter = 0;
    this.#server = null;
    if (this.#random.chance(0.25)) this.#disk.processDied();
    else this.#disk.powerFailed(this.#random);
  }
}
