/**
 * One random run: an ensemble of random size under random faults, then a time without faults in which all must come
 * right again. Everything follows from the seed.
 */
import { majority } from '@synod/zab';
import { Ensemble, TIMES, type Server } from './ensemble.js';
import { RandomSource } from './random-source.js';

const KINDS = ['crash', 'stop', 'power', 'flap', 'partition', 'block', 'disk', 'resign', 'slow', 'leader'] as const;
type Kind = (typeof KINDS)[number];

/** What a run did, so that a test can see that runs do something. */
export interface Tally {
  proposals: number;
  committed: number;
  faults: number;
  wipes: number;
  confirmed: number;
}

class Chaos {
  readonly #random: RandomSource;
  readonly #ensemble: Ensemble;
  readonly #ids: readonly number[];
  /** The kinds of fault of this run, and how often one comes. */
  readonly #kinds: readonly Kind[];
  readonly #rate: number;
  readonly tally: Tally = { proposals: 0, committed: 0, faults: 0, wipes: 0, confirmed: 0 };
  #body = 0;

  constructor(seed: number, trace: ((line: string) => void) | undefined) {
    const random = new RandomSource(seed);
    this.#random = random;
    const voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5]);
    const observers = random.pick([0, 0, 0, 1]);
    const slow = random.chance(0.2);
    const kinds = KINDS.filter(() => random.chance(0.5));
    this.#kinds = kinds.length > 0 ? kinds : ['crash'];
    this.#rate = random.pick([0.05, 0.2, 0.4, 0.8]);
    const delays = {
      message: [1, random.pick([3, 20, 60])] as const,
      disk: [1, slow ? 200 : random.pick([2, 10, 50])] as const,
      tick: [20, 60] as const,
      batching: random.pick([0, 0.3, 0.8]),
    };
    const cacheRecords = random.pick([2, 10, 1000]);
    this.#ensemble = new Ensemble(voters, observers, random, delays, { cacheRecords });
    this.#ids = [...this.#ensemble.servers.keys()];
    if (trace) {
      this.#ensemble.trace = (kind, line) => {
        if (!/^(ping|pong)$/.test(kind)) trace(`${this.#ensemble.timeline.now} ${line}`);
      };
    }
    this.#note = (text) => trace?.(`${this.#ensemble.timeline.now} === ${text}`);
  }
  readonly #note: (text: string) => void;

  run(): Tally {
    for (const id of this.#ids) this.#ensemble.start(id);
    if (this.#random.chance(0.9)) this.#ensemble.runUntil(2000, () => this.#ensemble.leader !== undefined);
    const end = this.#ensemble.timeline.now + this.#random.int(1000, 5000);
    while (this.#ensemble.timeline.now < end) {
      this.#ensemble.run(this.#random.int(1, this.#random.pick([20, 100, 400])));
      this.#act();
    }
    this.#heal();
    this.#comesRight();
    this.tally.committed = this.#ensemble.checks.committed.length;
    for (const server of this.#servers()) this.tally.confirmed += server.confirmed;
    return this.tally;
  }

  #servers(): Server[] {
    return [...this.#ensemble.servers.values()];
  }

  #act(): void {
    const random = this.#random;
    const ensemble = this.#ensemble;
    const leaders = this.#servers().filter(({ peer }) => peer?.leads);
    for (const { id } of leaders) {
      for (let i = random.int(0, 4); i > 0; i--) this.#propose(id);
      if (random.chance(0.2)) ensemble.confirm(id);
    }
    if (random.chance(0.2)) ensemble.fold(random.pick(this.#ids), random.int(0, 6));
    if (random.chance(this.#rate)) this.#fault();
  }

  #propose(id: number): void {
    this.tally.proposals++;
    this.#ensemble.propose(id, `b${++this.#body}`);
  }

  #fault(): void {
    const random = this.#random;
    this.tally.faults++;
    const a = random.pick(this.#ids);
    const b = random.pick(this.#ids);
    switch (random.pick(this.#kinds)) {
      case 'crash':
        this.#crash(a);
        return this.#soon(700, () => this.#restart(a));
      case 'stop':
        return this.#ensemble.server(a).peer ? this.#crash(a) : this.#start(a);
      case 'power':
        if (random.chance(0.7)) return;
        for (const id of this.#ids) {
          this.#crash(id);
          this.#soon(400, () => this.#restart(id));
        }
        return;
      case 'flap':
        return this.#flap(a, b);
      case 'partition':
        this.#partition();
        return this.#soon(2000, () => this.#mend());
      case 'block':
        return this.#block(a, b);
      case 'disk':
        return this.#loseDisk(a);
      case 'resign':
        return this.#resign(a);
      case 'slow':
        return this.#slow(a);
      case 'leader':
        return this.#loseLeader();
    }
  }

  #soon(ms: number, action: () => void): void {
    this.#ensemble.timeline.after(this.#random.int(0, this.#random.pick([20, ms])), action);
  }

  /** The disk of one server takes long for a while. */
  #slow(id: number): void {
    const server = this.#ensemble.server(id);
    server.diskDelay = this.#random.int(50, 400);
    this.#soon(1500, () => (server.diskDelay = null));
  }

  #loseLeader(): void {
    const id = this.#ensemble.leader?.id;
    if (id === undefined) return;
    this.#crash(id);
    this.#soon(1500, () => this.#restart(id));
  }

  #flap(a: number, b: number): void {
    if (a === b) return;
    this.#note(`flap n${a} n${b}`);
    this.#ensemble.network.cut(a, b, this.#random.chance(0.5));
    this.#soon(400, () => this.#ensemble.network.mend(a, b));
  }

  #block(a: number, b: number): void {
    if (a === b) return;
    this.#note(`block n${a} > n${b}`);
    this.#ensemble.network.block(a, b);
    this.#soon(1500, () => this.#ensemble.network.unblock(a, b));
  }

  #crash(id: number): void {
    const { disk } = this.#ensemble.server(id);
    this.#note(`crash n${id}`);
    this.#ensemble.crash(id, this.#random.int(0, disk.pending.length), this.#random.chance(0.5));
  }

  #start(id: number): void {
    this.#note(`start n${id}`);
    this.#ensemble.start(id);
  }

  #partition(): void {
    const side = new Set(this.#ids.filter(() => this.#random.chance(0.5)));
    this.#mend();
    this.#note(`partition ${[...side].join(' ')}`);
    const lose = this.#random.chance(0.5);
    for (const a of side) for (const b of this.#ids) if (!side.has(b)) this.#ensemble.network.cut(a, b, lose);
  }

  #mend(): void {
    this.#note('mend');
    for (const a of this.#ids) {
      for (const b of this.#ids) {
        if (a >= b) continue;
        this.#ensemble.network.mend(a, b);
      }
    }
  }

  /** Takes or damages the disk of a server, as long as enough others can prove their history. */
  #loseDisk(id: number): void {
    const random = this.#random;
    const server = this.#ensemble.server(id);
    const others = this.#servers().filter((other) => other.voter && other.id !== id && sound(other));
    const voters = this.#servers().filter(({ voter }) => voter).length;
    if (server.voter && others.length < majority(voters)) return;
    this.#crash(id);
    this.tally.wipes++;
    this.#ensemble.checks.copiesLost = true;
    if (random.chance(0.5)) {
      this.#note(`wipe n${id}`);
      this.#ensemble.wipe(id);
    } else {
      this.#note(`damage n${id}`);
      const { disk } = server;
      disk.spoil(random.int(0, disk.log.length), random.chance(0.5) ? disk.accepted : random.int(0, disk.accepted));
    }
    if (random.chance(0.9)) this.#soon(300, () => this.#restart(id));
  }

  #restart(id: number): void {
    if (!this.#ensemble.server(id).peer) this.#start(id);
  }

  #resign(id: number): void {
    const server = this.#ensemble.server(id);
    if (!server.peer || this.#random.chance(0.5)) return;
    this.#note(`resign n${id}`);
    this.#ensemble.step(server, { type: 'resign' });
    const { life } = server;
    this.#ensemble.timeline.after(this.#random.int(0, 400), () => {
      if (server.life === life) this.#crash(id);
    });
  }

  #heal(): void {
    this.#note('heal');
    // Lets the faults that are still set run out, so that none comes after this.
    this.#ensemble.run(2100);
    this.#mend();
    for (const id of this.#ids) this.#restart(id);
    for (const server of this.#servers()) server.diskDelay = null;
    this.#ensemble.delays.disk = [1, 10];
    this.#ensemble.delays.message = [1, 10];
  }

  /** A leader, all voters members again, a proposal, the same list everywhere: within bounds. */
  #comesRight(): void {
    const ensemble = this.#ensemble;
    const servers = this.#servers();
    const limit = 20 * TIMES.syncMs;
    const level = (): boolean => {
      const leader = ensemble.leader;
      if (!leader) return false;
      return servers.every(({ voter, peer }) => {
        const status = peer?.status;
        if (!status || status.role === 'looking') return false;
        return (!voter || status.member) && (peer === leader.peer || status.leader === leader.id);
      });
    };
    if (!ensemble.runUntil(limit, level)) throw new Error(`no leader whom all follow within ${limit} ms`);
    const body = `b${++this.#body}`;
    this.#ensemble.propose(ensemble.leader!.id, body);
    const everywhere = (): boolean => servers.every(({ items }) => items.at(-1) === body);
    if (!ensemble.runUntil(limit, everywhere))
      throw new Error(`the last proposal is not everywhere within ${limit} ms`);
    const list = servers[0]!.items.join();
    for (const { id, items } of servers) if (items.join() !== list) throw new Error(`n${id} holds another list`);
    if (servers[0]!.items.length !== ensemble.checks.committed.length)
      throw new Error('something committed is missing');
  }
}

function sound({ disk }: Server): boolean {
  return disk.damage === null && disk.current > 0;
}

/** Runs one seed; throws at the first breach. `trace` gets a line for each thing that happens. */
export function runChaos(seed: number, trace?: (line: string) => void): Tally {
  return new Chaos(seed, trace).run();
}
