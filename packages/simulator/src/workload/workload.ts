/**
 * What the clients of a run do: starts them with programs, lets things happen to them, puts a new one in the place of
 * each that is over, and ends them all in the end.
 *
 * Everything is drawn from streams named after the place and the generation of the client, so that one client less
 * leaves the others as they were.
 */
import type { SimClient } from '../client.js';
import { Latch, type Program } from '../fibre.js';
import type { History } from '../history.js';
import type { Random } from '../random.js';
import type { Timeline } from '../timeline.js';
import { Load, type Common, type OwnedClient } from './load.js';
import { programs } from './programs.js';
import { Fences } from './resources.js';
import { choices, programNames, type ProgramName, type WorkloadSettings } from './settings.js';
import { Shared } from './shared.js';
import { heartbeat } from './slow-reader.js';
import { Troubles } from './troubles.js';

/** The settings of a new client, in milliseconds. */
export interface NewClient {
  readonly name: string;
  readonly timeout: number;
  /** The servers that it knows; all where it is missing. */
  readonly servers?: readonly number[];
}

/** What is around the clients. */
export interface WorkloadWorld {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly history: History;
  /** Ids of all servers. */
  readonly servers: readonly number[];
  makeClient(settings: NewClient): SimClient;
}

/** A place is filled again after so long at most, in milliseconds. */
const REFILL_MS = 2_000;
/** All clients have come within so long, in milliseconds. */
const ARRIVE_MS = 1_000;

/** A client at its place. */
interface Placed extends OwnedClient {
  readonly place: number;
  readonly servers: readonly number[] | null;
}

export class Workload {
  readonly #world: WorkloadWorld;
  readonly #common: Common;
  readonly #troubles: Troubles;
  readonly #places: (Placed | null)[];
  readonly #generations: number[];

  constructor(settings: WorkloadSettings, world: WorkloadWorld) {
    const { random, timeline, history } = world;
    this.#world = world;
    const shared = new Shared(settings, random.fork('shared'));
    this.#common = { settings, shared, timeline, history, resources: new Fences(), calm: false, ending: false };
    this.#troubles = new Troubles(this.#common, random.fork('troubles'), (client) => this.#close(client));
    this.#places = Array.from({ length: settings.clients }, () => null);
    this.#generations = this.#places.map(() => 0);
  }

  /** The clients that are not over. */
  get clients(): readonly SimClient[] {
    return this.#placed().map(({ client }) => client);
  }

  /** The znodes that count what is added to them, from 0 on. */
  get counters(): readonly string[] {
    return this.#common.shared.counters;
  }

  /** True where no program is on its way any more. */
  get idle(): boolean {
    return this.#placed().every(({ client }) => client.programs === 0);
  }

  /** Clients come, one after the other. */
  start(): void {
    const random = this.#world.random.fork('arrivals');
    for (const place of this.#places.keys()) {
      this.#world.timeline.after(random.float() * ARRIVE_MS, () => this.#fill(place));
    }
  }

  /** Nothing happens to clients any more, and everything goes on that stood still. */
  stopFaults(): void {
    this.#common.calm = true;
    this.#troubles.calm();
  }

  /**
   * Programs end at their next steps, and no client comes any more. Clients that know none of the servers `reachable` go
   * without a word: they would never end.
   */
  finish(reachable: readonly number[] = this.#world.servers): void {
    this.#common.ending = true;
    for (const { client, servers } of this.#placed()) {
      if (servers && !servers.some((id) => reachable.includes(id))) client.abandon();
    }
  }

  /** All clients end their sessions. */
  close(): void {
    for (const { client } of this.#placed()) this.#close(client);
  }

  #placed(): Placed[] {
    return this.#places.filter((placed): placed is Placed => placed !== null && !placed.client.over);
  }

  #close(client: SimClient): void {
    for (const placed of this.#placed()) {
      if (placed.client !== client || placed.closing.isOpen) continue;
      placed.closing.open(true);
      client.close();
    }
  }

  #fill(place: number): void {
    if (this.#common.ending) return;
    const { settings } = this.#common;
    const name = `c${place}-${this.#generations[place]!++}`;
    const random = this.#world.random.fork(name);
    const timeout = Math.round(random.logUniform(settings.minTimeout, settings.maxTimeout));
    const servers = random.chance(settings.settled) ? [random.pick(this.#world.servers)] : null;
    const client = this.#world.makeClient({ name, timeout, ...(servers ? { servers } : {}) });
    const chosen = choose(settings, random);
    const placed: Placed = { client, programs: chosen.length, closing: new Latch(), place, servers };
    this.#places[place] = placed;
    chosen.forEach((program, index) => {
      const purpose = `${program}${index === chosen.indexOf(program) ? '' : index}`;
      client.start(this.#run(placed, random, purpose, programs[program]));
    });
    if (random.chance(settings.heartbeats)) client.start(this.#run(placed, random, 'heartbeat', heartbeat));
    this.#await(placed, random);
    this.#troubles.await(client);
  }

  #run(placed: Placed, random: Random, purpose: string, program: (load: Load) => Program): Program {
    return program(new Load(placed, this.#common, random.fork(purpose), purpose));
  }

  /** Puts somebody else in the place of a client once it is over. */
  #await(placed: Placed, random: Random): void {
    const { client, place } = placed;
    client.change().then(() => {
      if (!client.over) return this.#await(placed, random);
      if (this.#places[place] !== placed) return;
      this.#places[place] = null;
      this.#world.timeline.after(random.float() * REFILL_MS, () => this.#fill(place));
    });
  }
}

/** The programs of one client, some perhaps twice. */
function choose({ programs: weights, programsEach }: WorkloadSettings, random: Random): ProgramName[] {
  const list = choices(programNames, weights);
  return Array.from({ length: random.int(1, programsEach) }, () => random.weighted(list));
}
