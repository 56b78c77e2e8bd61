/**
 * Keeps strangers and broken peers from filling the log: the same line is printed at most once per period, with the
 * number of times it was left out since. Memory is bounded: what comes while too many different lines are remembered is
 * only counted.
 */
import { formatFields, type LogFields, type Logger } from './logger.js';

const PERIOD_MS = 10_000;
const LINES = 256;

interface Line {
  readonly until: number;
  repeats: number;
}

/** The throttled face of a logger. Lines are the same where level, event and all fields are. */
export class LogThrottle {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #lines = new Map<string, Line>();
  #overflow = 0;

  /** `now` in milliseconds; default: the monotonic clock. */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  warn(event: string, fields: LogFields): void {
    this.#write('warn', event, fields);
  }

  info(event: string, fields: LogFields): void {
    this.#write('info', event, fields);
  }

  #write(level: 'warn' | 'info', event: string, fields: LogFields): void {
    const key = `${level} ${event}${formatFields(fields)}`;
    const now = this.#now();
    const line = this.#lines.get(key);
    if (line && now < line.until) {
      line.repeats++;
      return;
    }
    if (!line && !this.#room(now)) {
      this.#overflow++;
      return;
    }
    // Deleted first, so that the map stays in the order of age.
    this.#lines.delete(key);
    this.#lines.set(key, { until: now + PERIOD_MS, repeats: 0 });
    this.#log[level](event, { ...fields, repeated: line?.repeats || undefined, unlogged: this.#overflow || undefined });
    this.#overflow = 0;
  }

  #room(now: number): boolean {
    if (this.#lines.size < LINES) return true;
    for (const [key, line] of this.#lines) {
      if (now < line.until) break;
      this.#lines.delete(key);
    }
    return this.#lines.size < LINES;
  }
}
