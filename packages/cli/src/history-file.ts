/**
 * The lines of earlier shells, oldest first, in a file of the user's own. A history is a comfort: where it cannot be read
 * or written, the shell works without.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Lines that are kept. */
export const HISTORY_LINES = 1_000;

/** Lines of the file; none where it cannot be read. */
export function readHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-HISTORY_LINES);
  } catch {
    return [];
  }
}

/** Writes the file, for its owner only. Lines with credentials in them are left out. */
export function writeHistory(file: string | undefined, lines: readonly string[]): void {
  if (file === undefined) return;
  const kept = lines.filter((line) => !/^\s*addauth\b/i.test(line)).slice(-HISTORY_LINES);
  try {
    writeFileSync(file, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // A comfort, as said above.
  }
}
