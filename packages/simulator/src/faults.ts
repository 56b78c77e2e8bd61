/**
 * What goes wrong, when, and to whom: for each kind of fault a schedule of its own from a stream of its own, and for each
 * single fault again, so that leaving one out leaves the others where they were.
 *
 * Disks are lost only as far as the rest holds everything that was committed (the checker's `mayLose`): beyond that no
 * system could keep its promise.
 */
import type { DamageKind } from './disk/sim-disk.js';
import { giant } from './giants.js';
import { Random } from './random.js';
import type { SimServer } from './server.js';
import { serverNode } from './server-links.js';
import { faultKinds, type FaultKind, type SwarmConfig } from './swarm.js';
import type { World } from './world.js';

const damageKinds: readonly DamageKind[] = ['flip', 'cut-log', 'lose-tail', 'swap', 'zero', 'old-copy', 'watermark'];

/** One fault as it is drawn, before anything has happened. */
export interface PlannedFault {
  /** Kind and number, such as `kill 3`: for `only` in the configuration. */
  readonly name: string;
  readonly kind: FaultKind;
  /** Virtual milliseconds. */
  readonly at: number;
  /** For its details. */
  readonly random: Random;
}

/** The faults of a kind, one after the other, without end. */
function* faultsOf(kind: FaultKind, mean: number, world: Random): Generator<PlannedFault, never> {
  const random = world.fork(`fault ${kind}`);
  let at = 0;
  for (let number = 1; ; number++) {
    at += random.exponential(mean);
    yield { name: `${kind} ${number}`, kind, at, random: random.fork(String(number)) };
  }
}

/** All faults of a seed's run, in order. */
export function plannedFaults(seed: number | string, { faults, faultMs, only }: SwarmConfig): PlannedFault[] {
  const world = new Random(seed, 'world');
  const planned: PlannedFault[] = [];
  for (const kind of faultKinds) {
    if (!(faults[kind] > 0)) continue;
    for (const fault of faultsOf(kind, faults[kind], world)) {
      if (fault.at > faultMs) break;
      if (only === null || only.includes(fault.name)) planned.push(fault);
    }
  }
  return planned.sort((a, b) => a.at - b.at);
}

export class FaultSchedule {
  readonly #world: World;
  readonly #counts = new Map<FaultKind, number>();
  #on = true;

  constructor(world: World) {
    this.#world = world;
    for (const kind of faultKinds) {
      const mean = world.config.faults[kind];
      if (mean > 0) this.#next(faultsOf(kind, mean, world.random));
    }
  }

  /** How many faults of each kind there were. */
  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }

  /** No more faults; those with a duration end now. */
  stop(): void {
    this.#on = false;
    const { network, servers, config } = this.#world;
    network.settings = { ...config.network, loss: 0, tail: 0 };
    network.healAll();
    for (const server of servers.values()) {
      Object.assign(server.disk.faults, { cutAfter: 0, failSync: 0, failSyncSticky: false, full: false });
      server.slowState(0);
      server.process.go();
    }
  }

  /** One that is left out has its place in time all the same, so that nothing is moved by it. */
  #next(faults: Generator<PlannedFault, never>): void {
    const { timeline, config } = this.#world;
    const { name, kind, at, random } = faults.next().value;
    timeline.after(at - timeline.now, () => {
      if (!this.#on) return;
      this.#next(faults);
      if (config.only !== null && !config.only.includes(name)) return;
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
      this.#carryOut(kind, random);
    });
  }

  /** Calls `end` after a while, or never where all faults have ended before. */
  #while(random: Random, least: number, most: number, end: () => void): void {
    this.#world.timeline.after(random.logUniform(least, most), () => {
      if (this.#on) end();
    });
  }

  #trace(kind: FaultKind | 'heal' | 'storm-over' | 'disk-free', who: string): void {
    this.#world.observation.trace('·', kind, who);
  }

  #carryOut(kind: FaultKind, random: Random): void {
    const { servers, leader } = this.#world;
    const all = [...servers.values()];
    const one = random.pick(all);
    switch (kind) {
      case 'kill':
        return one.kill();
      case 'killLeader':
        return leader?.kill();
      case 'killAll':
        return all.forEach((server) => server.kill());
      case 'power':
        return one.up ? one.cutPower() : undefined;
      case 'powerInWrite':
        one.disk.faults.cutAfter = random.int(1, this.#world.config.tier === 'A' ? 6 : 40);
        return this.#trace(kind, serverNode(one.id));
      case 'powerAll':
        return this.#powerAll(all, random);
      case 'stop':
        return one.stop();
      case 'pause':
        return this.#pause(one, random);
      case 'pauseLeader':
        return leader ? this.#pause(leader, random) : undefined;
      case 'pauseInRead':
        return this.#pauseInRead(all, random);
      case 'clockStep':
        one.process.clock.step(random.int(-3_600_000, 3_600_000));
        return this.#trace(kind, serverNode(one.id));
      case 'clockDrift':
        return one.process.clock.drift(1 + (random.float() * 2 - 1) * this.#world.config.clockError);
      case 'giant':
        return giant(this.#world, random, () => !this.#on);
      case 'slowState':
        return this.#slowState(one, random);
      case 'hearsay':
        return this.#hearsay(random);
      case 'failSync':
      case 'diskFull':
      case 'diskStall':
      case 'damage':
      case 'wipe':
        return this.#disk(kind, one, random);
      default:
        return this.#network(kind, random);
    }
  }

  /** All machines of the room, within a moment. */
  #powerAll(all: readonly SimServer[], random: Random): void {
    for (const server of all) {
      this.#world.timeline.after(random.float() * 2, () => {
        if (server.up) server.cutPower();
      });
    }
  }

  #pause(server: SimServer, random: Random, least = 10): void {
    if (!server.up || server.process.stopped) return;
    const { life } = server.process;
    server.process.stop(random.chance(0.3));
    this.#trace('pause', serverNode(server.id));
    this.#while(random, least, 5 * 20 * this.#world.config.tickTime, () => {
      if (server.process.life !== life) return;
      server.process.go();
      this.#world.observation.trace('·', 'continue', serverNode(server.id));
    });
  }

  /** Who next reads its state for another server stands still for long; then it is likely to need one itself. */
  #pauseInRead(all: readonly SimServer[], random: Random): void {
    for (const server of all) {
      server.onStateRead = () => {
        for (const other of all) other.onStateRead = null;
        if (this.#on) this.#pause(server, random, 15_000);
      };
    }
  }

  // ---- disks

  #disk(kind: 'failSync' | 'diskFull' | 'diskStall' | 'damage' | 'wipe', server: SimServer, random: Random): void {
    const { faults } = server.disk;
    this.#trace(kind, serverNode(server.id));
    if (kind === 'failSync') {
      faults.failSync = random.int(1, 4);
      faults.failSyncSticky = random.chance(0.5);
    } else if (kind === 'diskFull') {
      faults.full = true;
      this.#while(random, 100, 30_000, () => {
        faults.full = false;
        this.#trace('disk-free', serverNode(server.id));
      });
    } else if (kind === 'diskStall') this.#stall(server, random.logUniform(10, 60_000));
    else this.#lose(kind, server, random);
  }

  #stall(server: SimServer, ms: number): void {
    server.stallDisk(ms);
    this.#world.stalledUntil = Math.max(this.#world.stalledUntil, this.#world.timeline.now + ms);
  }

  #slowState(server: SimServer, random: Random): void {
    server.slowState(random.logUniform(20, 2_000));
    this.#trace('slowState', serverNode(server.id));
    this.#while(random, 1_000, 60_000, () => server.slowState(0));
  }

  #lose(kind: 'damage' | 'wipe', server: SimServer, random: Random): void {
    const { checker } = this.#world.observation;
    // The rest must also be able to go on: who is empty, or lost before, waits for a leader that others make.
    const others = [...this.#world.servers.keys()].filter((id) => id !== server.id);
    if (!checker.mayLose(server.id) || !this.#world.isQuorum(others)) return;
    // Two damages of one disk can hide each other.
    if (kind === 'damage' && checker.view(server.id)?.lost) return;
    server.kill();
    if (kind === 'wipe') {
      server.disk.wipe();
      checker.diskLost(server.id, 'wiped');
      return;
    }
    const done = server.disk.damage(random, random.pick(damageKinds));
    if (done === null) return;
    this.#trace(kind, `${serverNode(server.id)}: ${done}`);
    checker.diskLost(server.id, 'damaged');
  }

  // ---- network

  #network(kind: PartitionKind | 'clientCut' | 'storm' | 'halfOpen', random: Random): void {
    if (kind === 'storm') return this.#storm(random);
    if (kind === 'halfOpen') return this.#halfOpen(random, random.int(1, 5));
    const { servers, leader } = this.#world;
    const nodes = random.shuffle([...servers.keys()].map(serverNode));
    if (kind === 'isolateLeader' && leader)
      nodes.sort((a, b) => Number(b === serverNode(leader.id)) - Number(a === serverNode(leader.id)));
    const pairs = kind === 'clientCut' ? this.#clientPairs(nodes, random) : cuts(kind, nodes, random);
    this.#trace(kind, arrows(pairs));
    if (kind === 'flap') return this.#flap(pairs, random, random.int(3, 40));
    this.#cut(pairs);
    this.#while(random, 100, 60_000, () => this.#heal(pairs));
  }

  #cut(pairs: readonly Pair[]): void {
    for (const [from, to] of pairs) this.#world.network.cut(from, to);
  }

  #heal(pairs: readonly Pair[]): void {
    for (const [from, to] of pairs) this.#world.network.heal(from, to);
    this.#trace('heal', arrows(pairs));
  }

  #flap(pairs: readonly Pair[], random: Random, times: number): void {
    if (times === 0) return;
    this.#cut(pairs);
    this.#while(random, 20, 2_000, () => {
      this.#heal(pairs);
      this.#while(random, 20, 2_000, () => this.#flap(pairs, random, times - 1));
    });
  }

  /** Clients come back while their server, perhaps, still waits for what it would let them in with. */
  #halfOpen(random: Random, times: number): void {
    if (times === 0) return;
    const node = serverNode(random.pick([...this.#world.servers.keys()]));
    this.#trace('halfOpen', node);
    this.#world.network.halfClose(node);
    this.#while(random, 20, 2_000, () => this.#halfOpen(random, times - 1));
  }

  /**
   * A voter loses what another knows of by hearsay alone: three of many stand in a row x – y – z, cut off from the rest,
   * until z votes for x, whose history is the longest; then y is cut off as well, x is wiped, and x and z meet.
   */
  #hearsay(random: Random): void {
    const { voters, servers } = this.#world;
    if (voters.length < 5) return;
    const row = random.shuffle([...voters]).slice(0, 3);
    const length = (id: number): number => this.#world.server(id).replica?.status.zab.last ?? -1;
    const [x = 0, y = 0, z = 0] = row.sort((a, b) => length(b) - length(a) || b - a);
    const nodes = [...servers.keys()].map(serverNode);
    const all = both(nodes, nodes).filter(([from, to]) => from !== to);
    const kept = [...both([serverNode(x)], [serverNode(y)]), ...both([serverNode(y)], [serverNode(z)])].map(String);
    const pairs = all.filter((pair) => !kept.includes(String(pair)));
    this.#trace('hearsay', `${serverNode(x)} ${serverNode(y)} ${serverNode(z)}`);
    this.#cut(pairs);
    this.#while(random, 6_000, 25_000, () => {
      this.#cut(all);
      this.#lose('wipe', this.#world.server(x), random);
      this.#heal(both([serverNode(x)], [serverNode(z)]));
      this.#while(random, 2_000, 30_000, () => this.#heal(all));
    });
  }

  #clientPairs(nodes: readonly string[], random: Random): Pair[] {
    const client = `c${random.int(1, Math.max(1, this.#world.clientCount))}`;
    const cut = random.chance(0.5) ? nodes.slice(0, 1) : nodes;
    const ways = random.pick(['both', 'to', 'from'] as const);
    const pairs: Pair[] = [];
    for (const node of cut) {
      if (ways !== 'from') pairs.push([client, node]);
      if (ways !== 'to') pairs.push([node, client]);
    }
    return pairs;
  }

  #storm(random: Random): void {
    const { network, config } = this.#world;
    const { delayMean } = config.network;
    this.#trace('storm', '');
    network.settings = {
      ...config.network,
      delayMean: delayMean * random.logUniform(2, 100),
      loss: random.float() * 0.3,
    };
    this.#while(random, 500, 30_000, () => {
      network.settings = config.network;
      this.#trace('storm-over', '');
    });
  }
}

type Pair = readonly [from: string, to: string];
type PartitionKind = 'split' | 'isolate' | 'isolateLeader' | 'oneWay' | 'bridge' | 'flap';

function arrows(pairs: readonly Pair[]): string {
  return pairs.map(([from, to]) => `${from}>${to}`).join(' ');
}

/** The directions that a partition cuts; `nodes` in random order. */
function cuts(kind: PartitionKind, nodes: readonly string[], random: Random): Pair[] {
  const [first = '', second = first] = nodes;
  const others = nodes.slice(1);
  switch (kind) {
    case 'split':
    case 'bridge': {
      const bridges = kind === 'bridge' ? 1 : 0;
      const at = random.int(1, Math.max(1, nodes.length - 1));
      return both(nodes.slice(bridges, at + bridges), nodes.slice(at + bridges));
    }
    case 'isolate':
    case 'isolateLeader':
      return both([first], others);
    case 'oneWay': {
      const who = random.chance(0.5) ? others : [second];
      const ways = random.chance(0.5) ? both([first], who).filter(([from]) => from === first) : [];
      return ways.length > 0 ? ways : who.map((node): Pair => [node, first]);
    }
    case 'flap':
      return random.chance(0.5) ? both([first], others) : [[first, second]];
  }
}

function both(left: readonly string[], right: readonly string[]): Pair[] {
  return left.flatMap((a) =>
    right.flatMap((b): Pair[] => [
      [a, b],
      [b, a],
    ]),
  );
}
