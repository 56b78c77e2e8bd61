/**
 * One seed: a world with faults, then one that is healed, then all that must hold in the end.
 *
 * Phases: faults (everything goes wrong at its own rate) → calm (faults stop; a core is whole, servers outside of it may
 * stay down or cut off; the core must elect, take writes and agree) → whole (all are back, programs end, sessions close or
 * expire, all servers show the same) → restart (all processes are killed and start from their disks, and still show the
 * same) → the history is judged.
 */
import { CreateMode, OPEN_ACL, Op, type Request } from '@synod/protocol';
import type { SimClient } from './client.js';
import { checkLinear } from './check/linear.js';
import { checkAppends } from './check/linear-append.js';
import { checkHistory } from './check/check-history.js';
import { FaultSchedule } from './faults.js';
import { wait, type Program } from './fibre.js';
import type { Violation } from './history.js';
import type { Random } from './random.js';
import { serverNode } from './server-links.js';
import { drawConfig, isSteady, type SwarmConfig } from './swarm.js';
import { Trace, type TraceEvent } from './trace.js';
import { Workload } from './workload/workload.js';
import { World, type MakeDisk } from './world.js';

/** How to run a seed. */
export interface RunOptions {
  /** Takes the place of what the seed draws, as a whole or in part. */
  readonly config?: Partial<SwarmConfig>;
  /** Resolves when everything that promises have set off is over. */
  readonly drain: () => Promise<void>;
  readonly makeDisk: (tier: 'A' | 'B') => MakeDisk;
  /** Newest events to keep. */
  readonly trace?: number;
}

/** What came of a seed. */
export interface RunResult {
  readonly seed: string;
  readonly config: SwarmConfig;
  /** Of all that happened: equal for equal runs. */
  readonly hash: number;
  /** Virtual hours. */
  readonly hours: number;
  readonly events: number;
  readonly violations: readonly Violation[];
  /** Counts of what was done. */
  readonly figures: Readonly<Record<string, number>>;
  readonly trace: readonly TraceEvent[];
}

/** Times that the healed world is given, in milliseconds beyond what follows from the configuration. */
const PATIENCE_MS = 30_000;

/** The host's tick, with each of which a fold goes on, and rows that one may have. */
const FOLD_TICK_MS = 20;
const MOST_FOLDED = 1_000;
/** More than servers grant: who asks whether writes are answered must not lose its session to a slow disk meanwhile. */
const PROBER_TIMEOUT_MS = 60_000;

/** So much of a pause may count as time for the server that stood still: one step of its clock, and a tick. */
const NOTICED_MS = 400;

/** For so many ticks idle servers are listened to, and so many frames for each of them in a tick are few. */
const QUIET_TICKS = 5;
const QUIET_FRAMES = 20;

/** Ends a run at its first violation. */
class Violated extends Error {}

/** Runs a seed; never throws: what the product throws is a violation. */
export async function runSeed(seed: number | string, options: RunOptions): Promise<RunResult> {
  const config = drawConfig(seed, options.config);
  const trace = options.trace === undefined ? null : new Trace(options.trace);
  const world = new World(seed, config, options.makeDisk(config.tier), trace);
  const run = new Run(world, options.drain);
  try {
    await run.all();
  } catch (error) {
    if (!(error instanceof Violated)) {
      world.report({
        rule: 'assertion',
        text: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  const { timeline, violations } = world;
  return {
    ...{ seed: String(seed), config, hash: timeline.hash, hours: timeline.now / 3_600_000, events: timeline.events },
    ...{ violations, figures: run.figures, trace: trace?.events ?? [] },
  };
}

class Run {
  readonly figures: Record<string, number> = {};
  readonly #world: World;
  readonly #drain: () => Promise<void>;
  readonly #workload: Workload;
  readonly #random: Random;
  #faults: FaultSchedule | null = null;

  constructor(world: World, drain: () => Promise<void>) {
    this.#world = world;
    this.#drain = drain;
    this.#random = world.random.fork('phases');
    const { timeline, history } = world;
    this.#workload = new Workload(world.config.workload, {
      ...{ random: world.random.fork('workload'), timeline, history, servers: [...world.servers.keys()] },
      makeClient: (settings) => world.makeClient({ ...settings, patience: world.config.patience }),
    });
  }

  async all(): Promise<void> {
    const world = this.#world;
    for (const server of world.servers.values())
      world.timeline.after(this.#random.float() * 1_000, () => server.start());
    this.#workload.start();
    this.#faults = new FaultSchedule(world);
    await this.#pass(world.config.faultMs);
    for (const [kind, count] of this.#faults.counts) this.figures[kind] = count;
    await this.#calm();
    await this.#whole();
    await this.#restart();
    this.#judge();
  }

  /** Lets time pass. */
  async #pass(ms: number): Promise<void> {
    await this.#until(ms, () => false);
  }

  /** Lets time pass until something holds; false where it does not come to hold. Looks after each event. */
  async #until(ms: number, holds: () => boolean): Promise<boolean> {
    const { timeline, observation, violations } = this.#world;
    const end = timeline.now + ms;
    for (;;) {
      if (violations.length > 0) throw new Violated();
      if (holds()) return true;
      if (!timeline.step(end)) return holds();
      if (!observation.dirty) continue;
      observation.dirty = false;
      await this.#drain();
    }
  }

  async #must(what: string, ms: number, holds: () => boolean): Promise<void> {
    if (await this.#until(ms, everyTenMs(this.#world, holds))) return;
    this.#world.report({
      rule: 'Z12',
      text: `${what} within ${Math.round(ms)} ms after faults stopped: ${this.#where()}`,
    });
    throw new Violated();
  }

  #where(): string {
    return [...this.#world.servers.values()]
      .map(({ id, up, replica }) => {
        if (!replica) return `n${id} ${up ? 'starting' : 'down'}`;
        const { role, phase, epoch, member, last } = replica.status.zab;
        return `n${id} ${role}/${phase} epoch ${epoch}${member ? '' : ' no member'} at ${last.toString(16)}`;
      })
      .join(', ');
  }

  get #patience(): number {
    const { tickTime, initLimit, syncLimit, disk, coarse, tuning } = this.#world.config;
    const stalled = Math.max(this.#world.stalledUntil - this.#world.timeline.now, 0);
    // A state is sent once a fold that has begun is whole.
    const folding = (FOLD_TICK_MS * coarse * MOST_FOLDED) / tuning.foldRows;
    return 5 * tickTime * (initLimit + syncLimit) + PATIENCE_MS + 10 * disk.tailMs + stalled + folding;
  }

  /** Faults have stopped; those outside of the core stay as they are. */
  async #calm(): Promise<void> {
    const world = this.#world;
    const outside = this.#outside();
    this.#faults?.stop();
    this.#workload.stopFaults();
    world.downMs = 200;
    for (const id of outside) this.#cutOff(id);
    const core = [...world.servers.values()].filter(({ id }) => !outside.includes(id));
    for (const { id, up } of core) if (!up) world.startLater(id);
    const began = world.timeline.now;
    const prober = world.makeClient({ timeout: PROBER_TIMEOUT_MS, servers: core.map(({ id }) => id) });
    let done = false;
    prober.start(probe(prober, `/probe`, () => (done = true)));
    await this.#must('no write of a client is answered', this.#patience, () => done);
    this.figures['calmMs'] = world.timeline.now - began;
    this.#workload.finish(core.map(({ id }) => id));
    await this.#must('the programs of clients do not end', this.#patience + 60_000, () => this.#workload.idle);
    await this.#must('the core does not agree', this.#patience, () => this.#level(core.map(({ id }) => id)));
    prober.close();
  }

  /** Who stays outside: only where the rest is a quorum of servers that have lost nothing. */
  #outside(): number[] {
    const { config, servers } = this.#world;
    const ids = this.#random.shuffle([...servers.keys()]);
    return this.#world.isQuorum(ids.slice(config.outside)) ? ids.slice(0, config.outside) : [];
  }

  #cutOff(id: number): void {
    const { keptDown, network, servers } = this.#world;
    const how = this.#random.pick(['down', 'deaf', 'mute', 'alone'] as const);
    this.#world.observation.trace('·', 'outside', `${serverNode(id)} ${how}`);
    if (how === 'down') {
      keptDown.add(id);
      this.#world.server(id).kill();
      return;
    }
    for (const other of servers.keys()) {
      if (other === id) continue;
      if (how !== 'mute') network.cut(serverNode(other), serverNode(id));
      if (how !== 'deaf') network.cut(serverNode(id), serverNode(other));
    }
  }

  #level(ids: readonly number[]): boolean {
    const { zxid } = this.#world.observation.checker.end;
    return ids.every((id) => {
      const replica = this.#world.server(id).replica;
      return replica !== null && replica.status.serving && replica.applied.zxid === zxid;
    });
  }

  /** Everybody is back. */
  async #whole(): Promise<void> {
    const world = this.#world;
    world.network.healAll();
    world.keptDown.clear();
    for (const { id, up } of world.servers.values()) if (!up) world.startLater(id);
    const all = [...world.servers.keys()];
    await this.#must('the servers that were outside do not come back', this.#patience, () => this.#level(all));
    await this.#must('a voter that was level again does not count', this.#patience, () => this.#allCount());
    this.#workload.close();
    const { maxTimeout } = world.config.workload;
    await this.#must('sessions do not end', this.#patience + 3 * maxTimeout, () => this.#noSessions());
    await this.#must('the servers do not agree', this.#patience, () => this.#level(all));
    this.#settled();
    await this.#quiet();
  }

  /** Where nobody asks for anything, servers say little to each other: no storm of messages goes on. */
  async #quiet(): Promise<void> {
    const { network, servers, config } = this.#world;
    await this.#pass(2 * config.tickTime);
    const before = network.frames;
    await this.#pass(QUIET_TICKS * config.tickTime);
    const frames = network.frames - before;
    if (frames <= QUIET_TICKS * servers.size * QUIET_FRAMES) return;
    this.#world.report({
      rule: 'Z12',
      text: `${servers.size} idle servers say ${frames} things in ${QUIET_TICKS} ticks`,
    });
  }

  /** Every voter is a member; who was lost becomes one with the next epoch, which the leader begins for its sake. */
  #allCount(): boolean {
    return this.#world.voters.every((id) => this.#world.server(id).replica?.status.zab.member === true);
  }

  #noSessions(): boolean {
    const { leader, history } = this.#world;
    return leader?.replica?.tree.sessions.size === 0 && history.sessions.length <= history.ends.length;
  }

  /** All start once more from what lies on their disks. */
  async #restart(): Promise<void> {
    const world = this.#world;
    const power = this.#random.chance(0.5);
    for (const server of world.servers.values()) {
      if (power) server.cutPower();
      else server.kill();
    }
    await this.#must('the servers do not start again', this.#patience, () => this.#level([...world.servers.keys()]));
    this.#settled();
  }

  #settled(): void {
    const { servers, observation } = this.#world;
    observation.checker.settled(
      [...servers.values()].map(({ id, replica }) => ({
        server: id,
        position: replica!.applied,
        digest: replica!.tree.digest,
      })),
    );
  }

  #judge(): void {
    const world = this.#world;
    const { history, observation, config } = world;
    const log = observation.committed();
    const { zxid } = observation.checker.end;
    const digest = world.leader?.replica?.tree.digest ?? null;
    const { tickTime } = config;
    const { counters } = this.#workload;
    const lostContact = isSteady(config) ? 0 : (config.syncLimit + 1) * tickTime;
    const slack = { touchLag: 2 * tickTime, expirySlack: tickTime, lostContact };
    const leaderStill = (epoch: number, from: number, to: number): number => {
      const leader = observation.checker.leaderOf(epoch);
      return leader === undefined ? 0 : world.server(leader).process.stillBetween(from, to, NOTICED_MS);
    };
    const options = { counters, clockError: config.clockError, leaderStill, ...slack };
    for (const violation of checkHistory(log, history, { zxid, digest }, options)) world.report(violation);
    const linear = checkLinear(history);
    const appends = checkAppends(history, '/append/');
    for (const violation of [...linear.violations, ...appends.violations]) world.report(violation);
    Object.assign(this.figures, {
      ...{ transactions: log.length, answers: history.ops.length, watchEvents: history.events.length },
      ...{ sessions: history.sessions.length, linear: linear.operations, linearUnknown: linear.unknown },
    });
  }
}

/** Asks every ten virtual milliseconds: after each event it would cost more than the events. */
function everyTenMs(world: World, holds: () => boolean): () => boolean {
  let next = 0;
  return () => {
    if (world.timeline.now < next) return false;
    next = world.timeline.now + 10;
    return holds();
  };
}

/** Writes and reads once. */
function* probe(client: SimClient, path: string, done: () => void): Program {
  const data = new Uint8Array(1);
  const create: Request = { op: Op.create, path, data, acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 };
  const { ok, code } = yield* wait(client.ask(create));
  if (!ok && code !== 'NODE_EXISTS') return;
  const set = yield* wait(client.ask({ op: Op.setData, path, data, version: -1 }));
  if (set.ok) done();
}
