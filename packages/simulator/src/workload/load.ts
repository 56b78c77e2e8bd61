/** What a program of a simulated client works with. */
import { isRefusal, type Request, type Result, type WatchEvent } from '@synod/protocol';
import type { SimClient } from '../client.js';
import type { Answer } from '../client-memory.js';
import { Latch, wait, type Part, type Program } from '../fibre.js';
import type { History, WatchKind } from '../history.js';
import type { Random } from '../random.js';
import type { Timeline } from '../timeline.js';
import { create } from './requests.js';
import type { Fences } from './resources.js';
import type { WorkloadSettings } from './settings.js';
import type { Shared } from './shared.js';

/** The longest pause of a program, and the shortest, in milliseconds: it must notice when the run ends, and never spin. */
const LONGEST_MS = 8_000;
const SHORTEST_MS = 0.5;

/** What all programs of a run have in common. */
export interface Common {
  readonly settings: WorkloadSettings;
  readonly shared: Shared;
  readonly timeline: Timeline;
  readonly history: History;
  readonly resources: Fences;
  /** Set once nothing bad happens to clients any more. */
  calm: boolean;
  /** Set once programs are to come to their ends. */
  ending: boolean;
}

/** What the programs of one client have in common. */
export interface OwnedClient {
  readonly client: SimClient;
  /** Programs that share its time to think. */
  readonly programs: number;
  /** Opens when the client is being closed. */
  readonly closing: Latch<boolean>;
}

/** A program with a load of its own. */
export type LoadProgram = (load: Load) => Program;

export class Load {
  readonly client: SimClient;
  readonly common: Common;
  readonly random: Random;
  readonly #owned: OwnedClient;
  readonly #name: string;
  #made = 0;
  #burst = 0;

  /** `name`: of the program, within the client. */
  constructor(owned: OwnedClient, common: Common, random: Random, name: string) {
    this.#owned = owned;
    this.client = owned.client;
    this.common = common;
    this.random = random;
    this.#name = name;
  }

  get settings(): WorkloadSettings {
    return this.common.settings;
  }

  get shared(): Shared {
    return this.common.shared;
  }

  /** True where the program is to come to its end: nothing must be asked any more. */
  over(): boolean {
    return this.client.over || this.#owned.closing.isOpen || this.common.ending;
  }

  /** A text that no other write of the run has. */
  unique(): string {
    return `${this.client.name}.${this.#name}.${this.#made++}`;
  }

  /** Opens when what a session gives can no longer be relied on: its connection is lost, or it is being closed. */
  doubt(): Latch<boolean> {
    const doubt = new Latch<boolean>();
    const open = (): void => doubt.open(true);
    this.client.change().then(open);
    this.#owned.closing.then(open);
    return doubt;
  }

  ask(request: Request): Latch<Answer> {
    const latch = this.client.ask(request);
    // Whoever is refused at once must not ask again at once.
    latch.then(({ record }) => {
      if (record.zxid === 0) this.#burst = 0;
    });
    return latch;
  }

  /** Asks for something with a watch. */
  watch(request: Request, kind: WatchKind, told: (event: WatchEvent) => void): Latch<Answer> {
    return this.client.ask(request, kind, told);
  }

  /** Pauses as the settings want it: not at all in the middle of a burst. */
  *think(): Part<void> {
    if (this.#burst >= 1) {
      this.#burst--;
      return;
    }
    const { think, burst } = this.settings;
    this.#burst = burst > 1 ? this.random.exponential(burst - 1) : 0;
    yield* this.pause(this.random.exponential(think * this.#owned.programs * (1 + this.#burst)));
  }

  /** Pauses for about so long. */
  *pause(ms: number): Part<void> {
    yield* wait(this.client.sleep(Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS)));
  }

  /** Waits until the latch opens, but no longer than `ms`; true where it is open. */
  *atMost<T>(latch: Latch<T>, ms: number): Part<boolean> {
    if (latch.isOpen) return true;
    const either = new Latch<boolean>();
    const open = (): void => either.open(true);
    latch.then(open);
    this.client.sleep(Math.min(ms, LONGEST_MS)).then(open);
    yield* wait(either);
    return latch.isOpen;
  }

  /** Makes sure that znodes exist, parents first. False where the session ended on the way. */
  *ensure(paths: readonly string[], data = ''): Part<boolean> {
    const latches = paths.map((path) => this.ask(create(path, data)));
    let good = true;
    for (const latch of latches) {
      const { ok, code } = yield* wait(latch);
      good &&= ok || code === 'NODE_EXISTS';
    }
    return good;
  }
}

/** The result of a call, known by one of its fields; null where it was refused or is another one. */
export function resultWith<K extends string>(
  field: K,
  { result }: Answer,
): Extract<Result, Readonly<Record<K, unknown>>> | null {
  return isRefusal(result) || !(field in result) ? null : (result as Extract<Result, Readonly<Record<K, unknown>>>);
}
