/** When sessions end: C11 (all do), C12 (never early: expiry.ts) and C13 (in time; and a client knows when it is not heard). */
import { formatZxid } from '@synod/protocol';
import type { LogEntry, StallRecord, StateRecord, Violation } from '../history.js';
import { checkExpiry } from './expiry.js';
import { firstIndex, type Material } from './material.js';

/** How a client says that nobody told it: it has given up by itself. */
const GAVE_UP = 'without a server for too long';

interface Closed {
  readonly entry: LogEntry;
  readonly expired: boolean;
}

export function checkSessions(material: Material): Violation[] {
  const closed = new Map<number, Closed>();
  for (const entry of material.log) {
    const { txn } = entry;
    if (txn.type === 'closeSession') closed.set(txn.target, { entry, expired: txn.expired });
  }
  return [...checkEnds(material, closed), ...checkExpiry(material), ...checkHonesty(material)];
}

/** Every session that its client is done with has ended: at once where it was closed, otherwise by expiry. */
function checkEnds({ history, options }: Material, closed: ReadonlyMap<number, Closed>): Violation[] {
  const timeouts = new Map(history.sessions.map(({ session, timeout }) => [session, timeout]));
  const gaveUp = new Set(history.states.filter(({ cause }) => cause.startsWith(GAVE_UP)).map(({ session }) => session));
  return history.ends.flatMap((end): Violation[] => {
    const { session, client, how } = end;
    if (session === 0) return [];
    const name = `session ${formatZxid(session)} of ${client}`;
    const found = closed.get(session);
    if (found === undefined) {
      return [{ rule: how === 'abandoned' ? 'C13' : 'C11', text: `${name} was ${how} and never ended` }];
    }
    const { proposed } = found.entry;
    if (how === 'expired' && proposed !== undefined && proposed > end.at && !gaveUp.has(session)) {
      return [
        { rule: 'C12', text: `${name} was told that it is over ${(proposed - end.at).toFixed(1)} ms before it was` },
      ];
    }
    if (!found.expired || proposed === undefined || options.expiryBound === null) return [];
    const timeout = (timeouts.get(session) ?? 0) / (1 - options.clockError);
    const late = proposed - Math.max(end.at, options.calmFrom) - timeout - options.expiryBound;
    if (how !== 'abandoned' || late <= 0) return [];
    return [{ rule: 'C13', text: `${name} was abandoned and expired ${late.toFixed(1)} ms too late` }];
  });
}

/**
 * C13: a client leaves `connected` when it has heard nothing for two thirds of its timeout. Where the history does not say
 * when it last heard something: an answer comes within that time of its request, or the client leaves by then.
 */
function checkHonesty({ history, options, seen }: Material): Violation[] {
  const timeouts = new Map(history.sessions.map(({ session, timeout }) => [session, timeout]));
  const heardByOps = new Map(seen.map(({ client, session, answers }) => [`${session} ${client}`, answers]));
  const before = new Map<string, StateRecord>();
  return history.states.flatMap((state): Violation[] => {
    const key = `${state.session} ${state.client}`;
    const previous = before.get(key);
    before.set(key, state);
    const timeout = timeouts.get(state.session);
    if (previous?.state !== 'connected' || state.state !== 'suspended' || timeout === undefined) return [];
    const limit = (timeout * 2) / 3;
    const answers = heardByOps.get(key) ?? [];
    const answer = answers[firstIndex(answers, ({ end }) => end > state.at) - 1];
    const heard = state.heard ?? Math.max(previous.at, state.contact + limit, answer?.end ?? 0);
    const silent = state.at - heard;
    if (silent <= limit / (1 - options.clockError) + options.timerSlack) return [];
    if (stoodStill(history.stalls, state.client, heard, state.at)) return [];
    const text = `${state.client} believed itself connected for ${silent.toFixed(1)} ms of silence; its timeout is ${timeout} ms`;
    return [{ rule: 'C13', text }];
  });
}

/** True where the process of a client did not run for some of the time. */
export function stoodStill(stalls: readonly StallRecord[], client: string, from: number, to: number): boolean {
  return stalls.some((stall) => (stall.client ?? client) === client && stall.at - stall.ms < to && stall.at > from);
}
