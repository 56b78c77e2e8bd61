/** What a run was like: faults, operations, gaps. Pure functions from history to lines. */
import { epochOf, opName } from '@synod/protocol';

/**
 * @typedef {import('./history.js').History} History
 * @typedef {import('./faults.js').Fault} Fault
 */

/** @param {readonly Fault[]} faults */
export function faultLines(faults) {
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort();
  const rows = kinds.map((kind) => {
    const of = faults.filter((fault) => fault.kind === kind);
    return [kind, String(of.length), ...quantiles(of.map(({ ms }) => ms))];
  });
  return table(['fault', 'times', ...quantileNames('lasted ms')], [...rows, ['all', String(faults.length)]]);
}

/** @param {History} history */
export function operationLines(history) {
  const { ops, events, sessions, ends } = history;
  const names = [...new Set(ops.map(({ request }) => opName(request.op)))].sort();
  const rows = [...names, 'all'].map((name) => {
    const of = name === 'all' ? ops : ops.filter(({ request }) => opName(request.op) === name);
    const count = (/** @type {string} */ outcome) => String(of.filter((op) => op.outcome === outcome).length);
    const times = of.filter(({ zxid }) => zxid > 0).map(({ sent, end }) => end - sent);
    return [name, count('ok'), count('fail'), count('unknown'), ...quantiles(times)];
  });
  const again = ops.filter(({ write, resent, zxid }) => !write && resent > 0 && zxid > 0).length;
  const ended = (/** @type {string} */ how) => ends.filter((end) => end.how === how).length;
  return [
    ...table(['operation', 'ok', 'fail', 'unknown', ...quantileNames('ms')], rows),
    `  ${sessions.length} sessions: ${ended('closed')} closed, ${ended('abandoned')} abandoned, ${ended('expired')} expired; ${events.length} watch events`,
    `  ${again} reads were asked again on another connection`,
  ];
}

/** How long no write was answered, and how long it took after the end of a leader. @param {History} history @param {readonly Fault[]} faults @param {number} until */
export function gapLines({ ops }, faults, until) {
  const acks = ops
    .filter(({ write, outcome, end }) => write && outcome === 'ok' && end < until)
    .sort((a, b) => a.end - b.end);
  const gaps = acks.slice(1).map(({ end }, index) => end - (acks[index]?.end ?? end));
  const after = (/** @type {Fault} */ fault) => {
    const next = acks.find(({ end, zxid }) => end > fault.at && epochOf(zxid) > fault.epoch);
    return next ? [next.end - fault.at] : [];
  };
  const kills = faults.filter(({ kind }) => kind === 'kill-leader').flatMap(after);
  const all = faults.filter(({ kind }) => kind === 'kill-all').flatMap(after);
  const rows = [
    ['without an answered write', String(gaps.length), ...quantiles(gaps)],
    ['leader killed → first write of the next', String(kills.length), ...quantiles(kills)],
    ['all killed → first write of the next leader', String(all.length), ...quantiles(all)],
  ];
  return table(['time', 'times', ...quantileNames('ms')], rows);
}

/** @param {string} unit */
function quantileNames(unit) {
  return [`p50 ${unit}`, 'p90', 'p99', 'max'];
}

/** Median, 90 %, 99 % and the largest; empty where there are none. @param {readonly number[]} values */
export function quantiles(values) {
  if (values.length === 0) return ['', '', '', ''];
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return [at(0.5), at(0.9), at(0.99), at(1)].map((value) => (value < 10 ? value.toFixed(1) : value.toFixed(0)));
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .replace(/^/, '  '),
  );
}
