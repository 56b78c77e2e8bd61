/** What happened, in order, and waiting until something has happened: tests await events instead of sleeping. */
import { createLogger, type Logger } from '@synod/server/host/logger';

export class Journal<T> {
  readonly entries: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(entry: T): void {
    this.entries.push(entry);
    for (const look of [...this.#waiting]) look();
  }

  /** The first entry that matches, from entry number `from` on; waits where there is none yet. */
  until(matches: (entry: T) => boolean, from = 0): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.entries.slice(from).findIndex(matches);
        if (found < 0) return;
        this.#waiting.delete(look);
        resolve(this.entries[from + found] as T);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** A logger whose lines, without their time, go to a journal. */
export function journalLogger(lines: Journal<string>): Logger {
  const stream = { write: (line: string) => lines.add(line.slice(25).trimEnd()) };
  return createLogger({ level: 'debug', stream });
}
