/** Locks with fencing, which programs build on the service: C14. */
import { formatZxid } from '@synod/protocol';
import type { History, LockRecord, Violation } from '../history.js';
import { stoodStill } from './sessions.js';

interface Holding {
  readonly client: string;
  readonly token: number;
  readonly from: number;
  to: number;
}

/**
 * Who takes a lock later has a higher token; what a lock guards takes no access with a lower token than one before; two
 * never hold a lock at once by what they know themselves, and no holder is refused.
 *
 * Two things excuse a holder who learns too late that its session is over; for them there is the fence: clients that stood
 * still, and for `lostContact` milliseconds a server that was cut off with it.
 */
export function checkLocks({ locks, stalls }: Pick<History, 'locks' | 'stalls'>, lostContact = 0): Violation[] {
  const byLock = new Map<string, LockRecord[]>();
  for (const record of locks) {
    const list = byLock.get(record.lock);
    if (list) list.push(record);
    else byLock.set(record.lock, [record]);
  }
  const isExcused: Excuse = (client, from, to) =>
    to - from <= lostContact || stoodStill(stalls, client, from - reachMs, to);
  return [...byLock].flatMap(([lock, records]) => {
    records.sort((a, b) => a.at - b.at);
    const texts = [...checkFence(lock, records, isExcused), ...checkOverlaps(lock, holdings(records), isExcused)];
    return texts.map((text) => ({ rule: 'C14', text }));
  });
}

/** May a client still believe at `to` to have, or to get, a lock that another took at `from`? */
type Excuse = (client: string, from: number, to: number) => boolean;

/** A stall reaches a little further: what was under way has to be worked off. */
const reachMs = 1000;

function checkFence(lock: string, records: readonly LockRecord[], isExcused: Excuse): string[] {
  const texts: string[] = [];
  const taken: LockRecord[] = [];
  let highest = 0;
  for (const record of records) {
    const { what, client, token, at, accepted } = record;
    if (what === 'acquired') taken.push(record);
    if (what !== 'access') continue;
    const place = `${client} holds ${lock} with ${formatZxid(token)}`;
    if (!accepted) {
      const newer = taken.find((one) => one.token > token);
      if (!newer || !isExcused(client, newer.at, at)) texts.push(`${place}, and a later holder was there before`);
    } else if (token < highest) texts.push(`${place} and was let in after ${formatZxid(highest)}`);
    else highest = token;
  }
  return texts;
}

/** Those who took a lock, in that order. */
function holdings(records: readonly LockRecord[]): Holding[] {
  const list: Holding[] = [];
  const open = new Map<string, Holding>();
  const latest = new Map<string, number>();
  for (const { what, client, token, at } of records) {
    if (what === 'acquired') {
      const holding = { client, token, from: at, to: Infinity };
      list.push(holding);
      open.set(client, holding);
    } else if (what !== 'access') {
      const holding = open.get(client);
      if (holding) holding.to = at;
      open.delete(client);
    }
    latest.set(`${client} ${token}`, at);
  }
  // Whoever was abandoned while it held uses it no more after its last access.
  for (const one of open.values()) one.to = latest.get(`${one.client} ${one.token}`) ?? one.from;
  return list;
}

function checkOverlaps(lock: string, list: readonly Holding[], isExcused: Excuse): string[] {
  const texts: string[] = [];
  let highest: Holding | undefined;
  let longest: Holding | undefined;
  for (const later of list) {
    const stale = highest && later.token < highest.token && isExcused(later.client, highest.from, later.from);
    if (highest && later.token <= highest.token && !stale) {
      const before = `${highest.client} with ${formatZxid(highest.token)}`;
      texts.push(`${lock}: ${later.client} took it with ${formatZxid(later.token)} after ${before}`);
    }
    if (longest && later.from < longest.to && !isExcused(longest.client, later.from, longest.to)) {
      const ms = (longest.to - later.from).toFixed(1);
      texts.push(`${lock}: ${later.client} took it ${ms} ms before ${longest.client} gave it up`);
    }
    if (!highest || later.token > highest.token) highest = later;
    if (!longest || later.to > longest.to) longest = later;
  }
  return texts;
}
