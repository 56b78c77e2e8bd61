/**
 * `dump`: sessions, their ephemeral znodes, and connections. Who leads knows when sessions end and groups them by the
 * second; the others show timeouts. Connections have no end that could be foreseen, so they are a plain list.
 */
import type { SessionFacts, WordFacts } from './facts.js';
import { hex, socketAddress } from './numbers.js';

export function dump({ server, sessions, connections }: WordFacts): string {
  const list = [...sessions];
  const leads = server.mode === 'leader' || server.mode === 'standalone';
  let lines = '';
  for (const { address, port, session } of connections) {
    lines += `\tip: ${socketAddress(address, port)} sessionId: ${hex(session)}\n`;
  }
  return [
    'SessionTracker dump:\n',
    leads ? sessionSets(list) : globalSessions(list),
    'ephemeral nodes dump:\n',
    ephemerals(list),
    'Connections dump:\n',
    lines,
  ].join('');
}

function sessionSets(sessions: readonly SessionFacts[]): string {
  const sets = new Map<number, string[]>();
  for (const { id, expiresAt } of sessions) {
    if (expiresAt === null) continue;
    const second = Math.ceil(expiresAt / 1_000);
    const set = sets.get(second);
    if (set) set.push(`\t${hex(id)}\n`);
    else sets.set(second, [`\t${hex(id)}\n`]);
  }
  const inOrder = [...sets].sort(([a], [b]) => a - b);
  const text = inOrder.map(([second, ids]) => `${ids.length} expire at ${date(second * 1_000)}:\n${ids.join('')}`);
  const count = inOrder.reduce((sum, [, ids]) => sum + ids.length, 0);
  return `Session Sets (${sets.size})/(${count}):\n${text.join('')}`;
}

function globalSessions(sessions: readonly SessionFacts[]): string {
  const lines = sessions.map(({ id, timeout }) => `${hex(id)}\t${timeout}ms\n`);
  return `Global Sessions(${lines.length}):\n${lines.join('')}`;
}

function ephemerals(sessions: readonly SessionFacts[]): string {
  const owners: string[] = [];
  for (const { id, ephemerals } of sessions) {
    let paths = '';
    for (const path of ephemerals) paths += `\t${path}\n`;
    if (paths !== '') owners.push(`${hex(id)}:\n${paths}`);
  }
  return `Sessions with Ephemerals (${owners.length}):\n${owners.join('')}`;
}

/** `Sun Nov 22 18:44:17 UTC 2026` */
function date(at: number): string {
  // eslint-disable-next-line no-restricted-globals -- writes a given time down, and asks no clock
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}
