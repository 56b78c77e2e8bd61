/**
 * What is true of every simulated process, server or client: it lives and dies, it can be stopped and go on, and its
 * clocks are its own.
 *
 * Whatever is to happen inside a process is wrapped by {@link Process.guard}: it is dropped when that life is over, and
 * waits while the process is stopped (SIGSTOP, a long collection, a suspended machine).
 */
import type { Timeline, Timer } from './timeline.js';

/** The clocks of one machine: how fast they run, and how far the wall clock is off. */
export interface ClockSettings {
  /** Of true time; 1 is right. */
  readonly rate: number;
  /** Milliseconds since 1970 when the world began, as this machine has it. */
  readonly wall: number;
}

/** The clocks of a machine; they go on while a process is stopped, unless the machine is suspended. */
export class Clock {
  readonly #timeline: Timeline;
  readonly #start: number;
  #rate: number;
  #wall: number;
  #trueAt = 0;
  #at: number;
  #frozen = false;

  /** `start`: what the monotonic clock shows when the world begins. */
  constructor(timeline: Timeline, { rate, wall }: ClockSettings, start: number) {
    this.#timeline = timeline;
    this.#rate = rate;
    this.#wall = wall;
    this.#start = start;
    this.#at = start;
  }

  /** Milliseconds that never go back. */
  get now(): number {
    return this.#frozen ? this.#at : this.#at + (this.#timeline.now - this.#trueAt) * this.#rate;
  }

  get wall(): number {
    return this.#wall + this.now - this.#start;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#wall += ms;
  }

  drift(rate: number): void {
    this.#mark();
    this.#rate = rate;
  }

  /** The machine is suspended: its clocks stand still until it wakes. The wall clock is not set again by itself. */
  freeze(): void {
    this.#mark();
    this.#frozen = true;
  }

  wake(): void {
    this.#mark();
    this.#frozen = false;
  }

  #mark(): void {
    this.#at = this.now;
    this.#trueAt = this.#timeline.now;
  }
}

/** Lets an action happen in a life of a process. */
export type Enter = (action: () => void) => void;

export class Process {
  readonly timeline: Timeline;
  readonly clock: Clock;
  #life = 0;
  #stopped = false;
  #held: (() => void)[] = [];
  #stoppedAt = 0;
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];

  constructor(timeline: Timeline, clock: Clock) {
    this.timeline = timeline;
    this.clock = clock;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The life that runs; 0 before the first. */
  get life(): number {
    return this.#life;
  }

  /** A new life begins; what was meant for the last one never happens. */
  begin(): void {
    this.#life++;
    this.#held = [];
    this.#goOn();
  }

  guard(action: () => void): () => void {
    const enter = this.entrance();
    return () => enter(action);
  }

  /** The way into the life that runs now, for what comes from outside: each action happens now, later, or never. */
  entrance(): Enter {
    const life = this.#life;
    const enter = (action: () => void): void => {
      if (this.#life !== life) return;
      if (this.#stopped) this.#held.push(() => enter(action));
      else action();
    };
    return enter;
  }

  /** `ms` by the clock of this process. */
  after(ms: number, action: () => void): () => void {
    const timer: Timer = this.timeline.after(ms / this.clock.rate, this.guard(action));
    return () => this.timeline.cancel(timer);
  }

  every(ms: number, action: () => void): () => void {
    let cancel: () => void;
    const again = (): void => {
      cancel = this.after(ms, again);
      action();
    };
    cancel = this.after(ms, again);
    return () => cancel();
  }

  /** SIGSTOP; `suspended`: the whole machine stands still, and its clocks with it. */
  stop(suspended = false): void {
    if (!this.#stopped) this.#stoppedAt = this.timeline.now;
    this.#stopped = true;
    if (suspended) this.clock.freeze();
  }

  /** SIGCONT: everything that waited happens now, in the order in which it came. */
  go(): void {
    if (!this.#stopped) return;
    this.#goOn();
    this.timeline.after(0, () => {
      const held = this.#held;
      this.#held = [];
      for (const action of held) action();
    });
  }

  /** Milliseconds between two moments in which it stood still, but for the first `noticed` ones of each pause. */
  stillBetween(from: number, to: number, noticed: number): number {
    let ms = 0;
    for (const pause of this.#pauses) {
      ms += Math.max(Math.min(pause.to, to) - Math.max(pause.from, from) - noticed, 0);
    }
    return ms;
  }

  #goOn(): void {
    if (this.#stopped) this.#pauses.push({ from: this.#stoppedAt, to: this.timeline.now });
    this.#stopped = false;
    this.clock.wake();
  }
}
