/**
 * `wchs`, `wchc`, `wchp`: who is told when data changes. As in ZooKeeper these are the watches of getData and exists and
 * the persistent ones of both kinds; watches of lists of children are not shown.
 */
import type { WordFacts } from './facts.js';
import { hex } from './numbers.js';

export function wchs({ watches }: WordFacts): string {
  const paths = new Set<string>();
  const sessions = new Set<number>();
  let total = 0;
  for (const [path, session] of watches) {
    paths.add(path);
    sessions.add(session);
    total++;
  }
  return `${sessions.size} connections watching ${paths.size} paths\nTotal watches:${total}\n`;
}

/** By session. */
export function wchc({ watches }: WordFacts): string {
  const bySession = new Map<number, string[]>();
  for (const [path, session] of watches) {
    const lines = bySession.get(session);
    if (lines) lines.push(`\t${path}\n`);
    else bySession.set(session, [`\t${path}\n`]);
  }
  const groups = [...bySession].map(([session, lines]) => `${hex(session)}\n${lines.join('')}`);
  return `${groups.join('')}\n`;
}

/** By path. */
export function wchp({ watches }: WordFacts): string {
  const lines: string[] = [];
  let last: string | null = null;
  for (const [path, session] of watches) {
    if (path !== last) lines.push(`${path}\n`);
    last = path;
    lines.push(`\t${hex(session)}\n`);
  }
  return `${lines.join('')}\n`;
}
