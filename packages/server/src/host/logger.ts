/**
 * The log of a server: one line for each entry, for people and for `grep`:
 *
 *     2026-01-02T03:04:05.678Z INFO  server=1 event=role role=leading epoch=3 cause="a quorum follows"
 *
 * Whatever needs quoting (also the words of strangers) is quoted and escaped, so that one entry is always one line and a
 * terminal is never sent a control character. Left out: files and their rotation, which belong to whoever starts the
 * server.
 */
import { inspect, types } from 'node:util';

/** From what must be looked at to what explains a mystery. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Names and values of an entry, in the order in which they are printed. A value that is undefined is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where entries go. `event` is a short, stable name with hyphens. */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** A logger that puts these fields in front of the event, after those of this one. */
  child(fields: LogFields): Logger;
}

/** What {@link createLogger} takes. */
export interface LoggerOptions {
  /** The least urgent level that is printed; default info. */
  readonly level?: LogLevel;
  /** Default: the standard output. */
  readonly stream?: { write(line: string): unknown };
  /** The time of an entry; default: the clock of the machine. */
  readonly now?: () => Date;
}

const URGENCY: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Characters of one value that are printed. */
const VALUE_LENGTH = 1_000;

/** A logger that writes lines to a stream. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', stream = process.stdout, now = (): Date => new Date() } = options;
  const under = (prefix: string): Logger => {
    const at = (entry: LogLevel) => (event: string, fields: LogFields) => {
      if (URGENCY[entry] > URGENCY[level]) return;
      const label = entry.toUpperCase().padEnd(5);
      stream.write(`${now().toISOString()} ${label}${prefix} event=${event}${formatFields(fields)}\n`);
    };
    const [error, warn, info, debug] = [at('error'), at('warn'), at('info'), at('debug')];
    return {
      error: (event, fields = {}) => error(event, fields),
      warn: (event, fields = {}) => warn(event, fields),
      info: (event, fields = {}) => info(event, fields),
      debug: (event, fields = {}) => debug(event, fields),
      child: (fields) => under(prefix + formatFields(fields)),
    };
  };
  return under('');
}

/** Fields as they stand in a line, each with a blank before it. */
export function formatFields(fields: LogFields): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) text += ` ${name}=${formatValue(value)}`;
  return text;
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return quoteWhereNeeded(value);
  if (typeof value !== 'object' || value === null) return quoteWhereNeeded(String(value));
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, 32)).toString('hex') || '""';
  if (types.isNativeError(value)) return quoteWhereNeeded(describeError(value));
  return quoteWhereNeeded(inspect(value, { depth: 3, breakLength: Infinity, compact: true }));
}

/** What went wrong, in a few words; the errors of failed connections have a code but sometimes no message. */
export function describeError(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  return error.message || ('code' in error && typeof error.code === 'string' ? error.code : error.name);
}

function quoteWhereNeeded(text: string): string {
  if (/^[\w.:/@+-]+$/.test(text) && text.length <= VALUE_LENGTH) return text;
  const short = text.length <= VALUE_LENGTH ? text : `${text.slice(0, VALUE_LENGTH)}…`;
  // What JSON leaves as it is, but a terminal or an editor would obey: C1 controls, line separators, text direction.
  return JSON.stringify(short).replace(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
