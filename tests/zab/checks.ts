/**
 * What must hold at every moment of a run, watched from outside by one who sees all servers and all disks. A breach
 * throws at the event that commits it.
 */
import { shortZxid } from '@synod/protocol';
import { majority, type LogRecord, type PeerMessage, type PersistOp, type Position } from '@synod/zab';
import { bodyText, type Disk } from './disk.js';

/** What the checks need to see of a server. */
export interface Watched {
  readonly id: number;
  readonly voter: boolean;
  readonly disk: Disk;
}

export class Checks {
  /** Everything that was ever delivered anywhere: the one list of which all others are a part. */
  readonly committed: LogRecord[] = [];
  readonly #index = new Map<number, number>();
  readonly #leaders = new Map<number, number>();
  readonly #servers: readonly Watched[];
  readonly #voters: number;
  /** Set once a disk was lost: from then on the count of copies says nothing. */
  copiesLost = false;

  constructor(servers: readonly Watched[]) {
    this.#servers = servers;
    this.#voters = servers.filter(({ voter }) => voter).length;
  }

  /** How many entries of the one list lie at or before a zxid that it holds. */
  lengthAt(zxid: number): number {
    if (zxid === 0) return 0;
    const index = this.#index.get(zxid);
    if (index === undefined) throw new Error(`${shortZxid(zxid)} was never committed`);
    return index + 1;
  }

  /** A server starts to lead: nobody ever led in this epoch, and it holds all that was committed. */
  established({ id, disk }: Watched, epoch: number): void {
    const before = this.#leaders.get(epoch);
    if (before !== undefined) throw new Error(`n${id} leads in epoch ${epoch}, as n${before} did`);
    this.#leaders.set(epoch, id);
    const last = this.committed.at(-1);
    if (last && !holds(disk, last)) throw new Error(`n${id} leads without ${shortZxid(last.zxid)}, which is committed`);
  }

  /** A server hands a record to its machine, which has taken `count` so far. */
  delivered({ id }: Watched, record: LogRecord, count: number): void {
    const known = this.committed[count];
    if (known) {
      if (known.chain === record.chain) return;
      throw new Error(`n${id} delivers ${shortZxid(record.zxid)} in the place of ${shortZxid(known.zxid)}`);
    }
    this.#index.set(record.zxid, this.committed.length);
    this.committed.push(record);
    const copies = this.#servers.filter(({ voter, disk }) => voter && holds(disk, record)).length;
    if (!this.copiesLost && copies < majority(this.#voters)) {
      throw new Error(`n${id} delivers ${shortZxid(record.zxid)} with ${copies} copies`);
    }
  }

  /** A server's machine takes over a whole state. */
  adopted({ id }: Watched, position: Position, items: readonly string[]): void {
    const length = this.lengthAt(position.zxid);
    const wanted = this.committed.slice(0, length).map(bodyText).join();
    if (items.join() !== wanted) throw new Error(`n${id} adopts a state that differs at ${shortZxid(position.zxid)}`);
  }

  /** A message leaves a server: what it says must be durable there. */
  sent({ id, voter, disk }: Watched, message: PeerMessage): void {
    const lie = (what: string): never => {
      throw new Error(`n${id} says ${what}, which is not durable`);
    };
    switch (message.type) {
      case 'ack':
        if (!reaches(disk, message.zxid)) lie(`ack ${shortZxid(message.zxid)}`);
        return;
      case 'pong':
        if (!reaches(disk, message.durable)) lie(`pong ${shortZxid(message.durable)}`);
        return;
      case 'ack-epoch':
        if (voter && disk.accepted < message.epoch) lie(`ack-epoch ${message.epoch}`);
        return;
      case 'epoch':
        if (disk.accepted < message.epoch) lie(`epoch ${message.epoch}`);
        return;
      case 'vote':
        if (message.member && disk.current < 1) lie('that it is a member');
        if (message.vote.leader === id && message.vote.epoch > disk.current)
          lie(`vote for epoch ${message.vote.epoch}`);
        return;
      default:
        return;
    }
  }

  /** The answer to a new leader leaves: the history it names is durable, and so is the epoch if the voice counts. */
  saidLevel({ id, disk }: Watched, epoch: number, last: Position, counts: boolean): void {
    const place = last.zxid === 0 || holds(disk, last);
    if (!place || (counts && disk.current !== epoch)) {
      throw new Error(`n${id} says ack-leader ${epoch}, which is not durable`);
    }
  }

  /** A write became durable: promises never fall. */
  wrote({ id, voter, disk }: Watched, before: { accepted: number; current: number }, ops: readonly PersistOp[]): void {
    for (const op of ops) {
      if (op.type === 'accepted-epoch' && op.epoch < before.accepted) throw new Error(`n${id} takes back a promise`);
      if (op.type === 'current-epoch' && op.epoch !== 0 && op.epoch < before.current) {
        throw new Error(`n${id} falls back to epoch ${op.epoch}`);
      }
    }
    if (voter && disk.current > disk.accepted) throw new Error(`n${id} is in an epoch it did not promise`);
  }
}

/** True where the place is in the log, or in the state at rest under it. */
export function holds(disk: Disk, place: Position): boolean {
  if (place.zxid <= disk.base.zxid) return true;
  return disk.log.some(({ zxid, chain }) => zxid === place.zxid && chain === place.chain);
}

function reaches(disk: Disk, zxid: number): boolean {
  return zxid <= disk.base.zxid || disk.log.some((record) => record.zxid === zxid);
}
