/** The command line of `synod`: what is for all commands, and which of them is meant. */
import type { ConnectOptions, Credentials } from '@synod/client';
import { UsageError } from './usage.js';

export const DEFAULT_SERVERS = '127.0.0.1:2181';

/** Somebody waits: an ensemble that is just electing is up again by then, one that is down should be told soon. */
const CONNECT_TIMEOUT_MS = 5_000;

/** What stands before or among the words of a command and is not of it. */
export interface CommandLine {
  readonly servers: string;
  readonly options: ConnectOptions;
  /** The command and its words. */
  readonly words: readonly string[];
}

/**
 * Takes `--server`, `--timeout` and `--auth` out of the words, up to `--`; throws UsageError. `SYNOD_SERVER` in the
 * environment stands in for a missing `--server`.
 */
export function readCommandLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandLine {
  const words: string[] = [];
  const auth: Credentials[] = [];
  let servers = env['SYNOD_SERVER'] ?? DEFAULT_SERVERS;
  let sessionTimeout: number | undefined;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      words.push(...argv.slice(i));
      break;
    }
    const option = /^--(server|timeout|auth)(?:=(.*))?$/s.exec(word);
    if (option === null) {
      words.push(word);
      continue;
    }
    const value = option[2] ?? argv[++i];
    if (value === undefined) throw new UsageError(`option --${option[1]!} needs a value`);
    if (option[1] === 'server') servers = value;
    else if (option[1] === 'timeout') sessionTimeout = milliseconds(value);
    else auth.push(readCredentials('--auth', value));
  }
  return { servers, options: { sessionTimeout, auth, connectTimeout: sessionTimeout ?? CONNECT_TIMEOUT_MS }, words };
}

function milliseconds(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--timeout must be a number of milliseconds, not "${text}"`);
}

/** Reads the value of an option with credentials; throws UsageError. */
export function readCredentials(option: string, text: string): Credentials {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError(`${option} must be scheme:credentials, for example digest:user:password`);
  return { scheme: text.slice(0, colon), credentials: text.slice(colon + 1) };
}
