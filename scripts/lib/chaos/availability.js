/**
 * How available the service was: time without a leader, time without an answered write, for each kind of fault; and the
 * promise that can be made of it, that a majority that is whole goes on whatever the others do.
 */
import { quantiles, table } from './report.js';

/**
 * @typedef {{ ops: readonly { write: boolean; outcome: string; end: number }[] }} History all that counts of a history here
 * @typedef {import('./faults.js').Fault} Fault
 * @typedef {import('./leadership.js').Span} Span
 * @typedef {Pick<import('./folder.js').End, 'faults' | 'leaderless' | 'since' | 'until'>} Course
 */

/** What happens within this time after a fault is over counts as its consequence, in milliseconds. */
const aftermathMs = 2_000;

/** A majority that is whole has a leader, and answers writes, at the latest after this time, in milliseconds. */
const resumeMs = 8_000;

/** Faults that leave a majority of servers who all reach each other, and leave it so as long as they last. @type {ReadonlySet<string>} */
const steady = new Set(['cut-leader', 'cut-random', 'split', 'mute-leader', 'deaf-leader', 'one-way', 'bridge']);

/**
 * Within a fault of the links that leaves a whole majority, and while there is no other fault, writes go on.
 *
 * @param {History} history
 * @param {Course} course
 * @returns {import('./history.js').Violation[]}
 */
export function checkAvailability(history, course) {
  const stalls = writeStalls(history, course);
  const span = (/** @type {Fault} */ { at, ms }) => ({ from: at, to: at + ms });
  const alone = course.faults.filter(
    (fault) =>
      steady.has(fault.kind) &&
      !course.faults.some((other) => other !== fault && overlap(span(other), span(fault)) > 0),
  );
  return alone.flatMap((fault) => {
    const longest = Math.max(0, ...stalls.map((stall) => overlap(stall, span(fault))));
    if (longest <= resumeMs) return [];
    const which = `${fault.kind} ${fault.servers.join(' ')}`;
    return [{ rule: 'availability', text: `no write for ${seconds(longest)} while a majority was whole (${which})` }];
  });
}

/**
 * How available the service was: for each kind of fault how long, within a fault and shortly after it, no server led, and
 * the longest time without an answered write. Where faults overlap, each is blamed.
 *
 * @param {History} history
 * @param {Course} course
 */
export function availabilityLines(history, course) {
  const { faults, leaderless, since, until } = course;
  const stalls = writeStalls(history, course);
  const suffered = faults.map(({ kind, at, ms }) => {
    const window = { from: at, to: at + ms + aftermathMs };
    const without = leaderless.reduce((sum, span) => sum + overlap(span, window), 0);
    const met = stalls.filter((span) => overlap(span, window) > 0);
    return { kind, without, stall: Math.max(0, ...met.map(({ from, to }) => to - Math.max(from, at))) };
  });
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort();
  const rows = [...kinds, 'all'].map((kind) => {
    const of = suffered.filter((one) => kind === 'all' || one.kind === kind);
    const row = [of.map(({ without }) => without), of.map(({ stall }) => stall)].flatMap(quantiles);
    return [kind, String(of.length), ...row.filter((_, index) => index !== 2 && index !== 6)];
  });
  const head = ['fault', 'times', 'leaderless p50 ms', 'p90', 'max', 'longest without write p50 ms', 'p90', 'max'];
  const total = leaderless.reduce((sum, { from, to }) => sum + to - from, 0);
  const share = ((100 * total) / Math.max(1, until - since)).toFixed(1);
  const longest = Math.max(0, ...stalls.map(({ from, to }) => to - from));
  return [
    ...table(head, rows),
    `  no server led for ${seconds(total)} of ${seconds(until - since)} (${share} %); the longest time without a write was ${seconds(longest)}`,
  ];
}

/** The times in which no write was answered. @param {History} history @param {Course} course @returns {Span[]} */
function writeStalls({ ops }, { since, until }) {
  const times = ops
    .filter(({ write, outcome, end }) => write && outcome === 'ok' && end >= since && end <= until)
    .map(({ end }) => end)
    .sort((a, b) => a - b);
  const all = [since, ...times];
  return [...times, until].map((to, index) => ({ from: all[index] ?? to, to })).filter(({ from, to }) => to - from > 1);
}

/** Milliseconds. @param {Span} a @param {Span} b */
function overlap(a, b) {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
