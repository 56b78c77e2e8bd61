/**
 * C12: a session expires only where the leader has not heard of it for its whole timeout.
 *
 * What the leader certainly knew follows from the log: its own transactions for the session, and that it grants every
 * session a full timeout when it begins, which is behind all transactions of the leaders before it. What other servers
 * heard, reads and pings, comes to it a little later, or never where such a server fails: see {@link CheckOptions}.
 */
import { epochOf, formatZxid } from '@synod/protocol';
import type { LogEntry, Violation } from '../history.js';
import type { Material } from './material.js';

/** A sign of life: when it was sent, on the common clock and, where that is known, on that of the transactions. */
interface Contact {
  readonly at: number;
  readonly wall: number | null;
}

export function checkExpiry(material: Material): Violation[] {
  const { log, history, options } = material;
  const violations: Violation[] = [];
  const sessions = new Map(history.sessions.map((session) => [session.session, session]));
  const contacts = contactsOf(material);
  const known = new Map<number, number>();
  let earlierEpochs = -Infinity;
  let latest: LogEntry | undefined;
  for (const entry of log) {
    const { zxid, txn } = entry;
    if (latest && epochOf(latest.zxid) < epochOf(zxid)) earlierEpochs = Math.max(earlierEpochs, timeOf(latest));
    latest = entry;
    if (txn.type === 'createSession') known.set(zxid, timeOf(entry));
    if (txn.session !== 0) known.set(txn.session, timeOf(entry));
    const session = txn.type === 'closeSession' && txn.expired ? sessions.get(txn.target) : undefined;
    if (!session) continue;
    const at = timeOf(entry);
    const least = session.timeout / (1 + options.clockError) - options.expirySlack;
    const heard = Math.max(known.get(session.session) ?? -Infinity, earlierEpochs);
    const still = (ms: number): number => ms - options.leaderStill(epochOf(zxid), at - ms, at);
    const signs = contacts.get(session.session) ?? [];
    const last = silence(entry, signs, options.touchLag);
    // The last sign, and those shortly before it, may have been lost with the server that took them; no earlier ones.
    const silent = still(silence(entry, signs, last + options.lostContact));
    const name = `session ${formatZxid(session.session)} of ${session.client} expired at ${formatZxid(zxid)}`;
    const limit = `its timeout is ${session.timeout} ms`;
    if (still(at - heard) < least) {
      const text = `${name}, ${still(at - heard).toFixed(1)} ms after its leader heard of it or began; ${limit}`;
      violations.push({ rule: 'C12', text });
    } else if (silent < least) {
      const behind =
        options.lostContact === 0 ? 'its last answered request was sent' : 'a sign of life that was not lost';
      const text = `${name}, ${silent.toFixed(1)} ms after ${behind}; ${limit}`;
      violations.push({ rule: 'C12', text });
    }
  }
  return violations;
}

/** When the leader proposed it: on the common clock, or else on its own. */
function timeOf({ proposed, txn }: LogEntry): number {
  return proposed ?? txn.time;
}

/** How long the leader had heard nothing, by what clients know; what came within `lag` before it may not have reached it. */
function silence({ proposed, txn }: LogEntry, contacts: readonly Contact[], lag: number): number {
  let silent = Infinity;
  for (const { at, wall } of contacts) {
    const passed = proposed === undefined ? (wall === null ? Infinity : txn.time - wall) : proposed - at;
    if (passed >= lag) silent = Math.min(silent, passed);
  }
  return silent;
}

function contactsOf({ history }: Material): Map<number, Contact[]> {
  const contacts = new Map<number, Contact[]>();
  const add = (session: number, at: number, wall: number | null): void => {
    const list = contacts.get(session);
    if (list) list.push({ at, wall });
    else contacts.set(session, [{ at, wall }]);
  };
  const ahead = new Map<string, number>();
  for (const { session, contact, wall, client } of history.states) {
    if (contact <= 0) continue;
    ahead.set(client, wall - contact);
    if (session !== 0) add(session, contact, wall);
  }
  for (const { session, sent, zxid, code, client } of history.ops) {
    if (zxid === 0 || session === 0 || code === 'SESSION_EXPIRED') continue;
    const wall = ahead.get(client);
    add(session, sent, wall === undefined ? null : sent + wall);
  }
  return contacts;
}
