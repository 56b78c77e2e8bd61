/**
 * Runs a transcript: lines of commands, each followed by what it made the ensemble do (lines that start with `|`). The
 * result is the same text with the output as it is now. Delays are fixed: a message takes 1 ms, a write 2 ms, a tick
 * comes every 50 ms.
 */
import { makeZxid, shortZxid } from '@synod/protocol';
import { nextRecord, ORIGIN, type LogRecord, type Position } from '@synod/zab';
import { Disk } from './disk.js';
import { Ensemble, type Server } from './ensemble.js';
import { RandomSource } from './random-source.js';

const QUIET = ['vote', 'ping', 'pong', 'ack', 'commit'];

class Script {
  #ensemble: Ensemble | null = null;
  #hidden = new Set(QUIET);
  #output: string[] = [];

  run(text: string): string {
    const lines: string[] = [];
    for (const line of text.split('\n')) {
      if (line.startsWith('|')) continue;
      lines.push(line);
      if (line.trim() === '' || line.startsWith('#')) continue;
      this.#output = [];
      this.#command(line.trim().split(/\s+/));
      lines.push(...this.#output.map((output) => `| ${output}`));
    }
    return lines.join('\n');
  }

  get #running(): Ensemble {
    if (!this.#ensemble) throw new Error('there is no ensemble yet');
    return this.#ensemble;
  }

  #command([name = '', ...words]: string[]): void {
    const ids = words.map(Number);
    const [a = 0, b = 0] = ids;
    switch (name) {
      case 'ensemble':
        return this.#create(a, words);
      case 'show':
        return this.#show(words);
      case 'history':
        return this.#history(a, words.slice(1));
      case 'start':
        for (const id of ids) this.#running.start(id);
        return;
      case 'crash':
        for (const id of ids) this.#running.crash(id);
        return;
      case 'power-cut':
        return this.#running.crash(a, b);
      case 'wipe':
        return this.#running.wipe(a);
      case 'damage':
        return this.#running.server(a).disk.spoil(b, ids[2] ?? Infinity);
      case 'disk':
        this.#running.server(a).diskDelay = b;
        return;
      case 'fold':
        return this.#running.fold(a, b);
      case 'propose':
        return this.#propose(a, words[1] ?? 'x', Number(words[2] ?? 1));
      case 'confirm':
        return this.#running.confirm(a);
      case 'resign':
        return this.#running.step(this.#running.server(a), { type: 'resign' });
      case 'run':
        return this.#running.run(a);
      case 'status':
        for (const server of this.#running.servers.values()) this.#output.push(describeServer(server));
        return;
      default:
        return this.#links(name, ids);
    }
  }

  #links(name: string, [a = 0, b = 0]: number[]): void {
    const { network, servers } = this.#running;
    const others = [...servers.keys()].filter((id) => id !== a);
    switch (name) {
      case 'cut':
        return network.cut(a, b, true);
      case 'mend':
        return network.mend(a, b);
      case 'isolate':
        for (const other of others) network.cut(a, other, true);
        return;
      case 'rejoin':
        for (const other of others) network.mend(a, other);
        return;
      case 'block':
        return network.block(a, b);
      case 'unblock':
        return network.unblock(a, b);
      default:
        throw new Error(`there is no command ${name}`);
    }
  }

  /** `ensemble 3`, `ensemble 3 observers 1 cache 2`. */
  #create(voters: number, words: string[]): void {
    const option = (name: string): number => (words.includes(name) ? Number(words[words.indexOf(name) + 1]) : 0);
    const delays = { message: [1, 1], disk: [2, 2], tick: [50, 50], batching: 0 } as const;
    const cacheRecords = option('cache') || 1000;
    const ensemble = new Ensemble(voters, option('observers'), new RandomSource(1), { ...delays }, { cacheRecords });
    ensemble.trace = (kind, line) => {
      if (!this.#hidden.has(kind)) this.#output.push(`${ensemble.timeline.now} ${line}`);
    };
    this.#ensemble = ensemble;
    this.#hidden = new Set(QUIET);
  }

  /** `show vote ack` shows these kinds beside the usual ones (`show usual`), `show roles` only roles and deliveries. */
  #show(words: readonly string[]): void {
    if (words[0] === 'roles') {
      const kinds = [
        'follow',
        'epoch',
        'ack-epoch',
        'refuse',
        'truncate',
        'state',
        'state-ack',
        'propose',
        'new-leader',
      ];
      this.#hidden = new Set([...QUIET, ...kinds, 'ack-leader', 'up-to-date', 'resign', 'need-state']);
    } else {
      this.#hidden = new Set(QUIET.filter((kind) => !words.includes(kind)));
    }
  }

  /** `history 1 accepted 2 current 2 log 1:1 1:2 2:1`; a letter behind a zxid makes another record of it. */
  #history(id: number, words: string[]): void {
    const disk = new Disk();
    const log = words.slice(words.indexOf('log') + 1);
    disk.accepted = Number(words[words.indexOf('accepted') + 1]);
    disk.current = Number(words[words.indexOf('current') + 1]);
    let last: Position = ORIGIN;
    disk.log = log.map((name): LogRecord => {
      const [epoch = 0, counter = 0] = name.replace(/[a-z]/, '').split(':').map(Number);
      const record = nextRecord(last, makeZxid(epoch, counter), new TextEncoder().encode(name));
      last = record;
      return record;
    });
    this.#running.server(id).disk = disk;
  }

  #propose(id: number, body: string, times: number): void {
    for (let i = 1; i <= times; i++) this.#running.propose(id, times === 1 ? body : `${body}${i}`);
  }
}

function describeServer({ id, peer, items }: Server): string {
  if (!peer) return `n${id} is down`;
  const { role, phase, epoch, acceptedEpoch, leader, last, durable, committed, member } = peer.status;
  const where = role === 'looking' ? `looking (${phase})` : role === 'leading' ? 'leading' : `${role} n${leader}`;
  const places = `last ${shortZxid(last)}, durable ${shortZxid(durable)}, committed ${shortZxid(committed)}`;
  const voice = member ? '' : ', no member';
  return `n${id} ${where}, epoch ${epoch} of ${acceptedEpoch}, ${places}${voice}: ${items.join(' ')}`.trimEnd();
}

/** Runs the commands of a transcript and puts their output under each. */
export function runScript(text: string): string {
  return new Script().run(text);
}
