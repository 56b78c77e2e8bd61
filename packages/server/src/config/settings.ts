/**
 * Typed access to the settings of a file: each getter checks one value, reports what is wrong with it in words, and then
 * goes on with the default, so that one reading finds every mistake.
 */
import type { Entry } from './properties.js';
import type { Findings } from './problems.js';

/** A host and a TCP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Largest delay that a timer of Node takes, in milliseconds (ZooKeeper's times are 32-bit numbers too). */
export const MAX_MS = 2 ** 31 - 1;

/** The settings of one file. */
export class Settings {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #findings: Findings;

  constructor(entries: ReadonlyMap<string, Entry>, findings: Findings) {
    this.#entries = entries;
    this.#findings = findings;
  }

  /** Where a key stands; null where it is not given. */
  line(key: string): number | null {
    return this.#entries.get(key)?.line ?? null;
  }

  /** True where the key is given with just this value. */
  is(key: string, value: string): boolean {
    return this.#entries.get(key)?.value === value;
  }

  /** The value as it is written; null where it is not given. An empty value is an error and reads as not given. */
  text(key: string): string | null {
    const entry = this.#entries.get(key);
    if (entry?.value !== '') return entry?.value ?? null;
    this.#findings.error(entry.line, `${key} has no value; remove the line to take the default`);
    return null;
  }

  /** A whole number from `min` to `max`; null where it is not given or not that. */
  whole(key: string, min: number, max: number): number | null {
    const value = this.text(key);
    if (value === null) return null;
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.#refuse(key, `must be a whole number from ${min} to ${max}`, value);
    return null;
  }

  /** A whole number as Java's `Integer.decode` reads it: decimal, octal behind a 0, hexadecimal behind 0x or #. */
  decoded(key: string, min: number, max: number): number | null {
    const value = this.text(key);
    if (value === null) return null;
    const [, hex, octal, decimal] = /^\+?(?:(?:0x|#)([\da-f]+)|0([0-7]+)|([1-9]\d*))$/i.exec(value) ?? [];
    const number = hex ? parseInt(hex, 16) : octal ? parseInt(octal, 8) : decimal ? Number(decimal) : NaN;
    if (number >= min && number <= max) return number;
    this.#refuse(key, `must be a whole number from ${min} to ${max}, decimal or as 0x…`, value);
    return null;
  }

  /** true or false in any case. */
  flag(key: string, otherwise: boolean): boolean {
    const value = this.text(key);
    if (value === null) return otherwise;
    const word = value.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    this.#refuse(key, 'must be true or false', value);
    return otherwise;
  }

  /** One of a few words. */
  choice<Word extends string>(key: string, words: readonly Word[]): Word | null {
    const value = this.text(key);
    if (value === null) return null;
    const found = words.find((word) => word === value.toLowerCase());
    if (found === undefined) this.#refuse(key, `must be one of ${words.join(', ')}`, value);
    return found ?? null;
  }

  /** A value of a certain form; `rule` continues "key must be …". */
  matching(key: string, pattern: RegExp, rule: string): string | null {
    const value = this.text(key);
    if (value === null || pattern.test(value)) return value;
    this.#refuse(key, `must be ${rule}`, value);
    return null;
  }

  /** A host name or an IP address. */
  host(key: string): string | null {
    const value = this.text(key);
    if (value === null) return null;
    if (isHost(value)) return bareHost(value);
    this.#refuse(key, 'must be a host name or an IP address', value);
    return null;
  }

  #refuse(key: string, rule: string, value: string): void {
    const comment = /\s[#!]/.test(value) ? ' (a comment stands on a line of its own)' : '';
    this.#findings.error(this.line(key), `${key} ${rule}, not "${value}"${comment}`);
  }
}

/** True for what can be a host name, an IPv4 address, or an IPv6 address with or without brackets. */
export function isHost(text: string): boolean {
  const name = /^(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;
  return text.length <= 255 && (name.test(text) || /^\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+(%\w+)?\]?$/.test(text));
}

/** An IPv6 address without its brackets, as sockets want it. */
export function bareHost(text: string): string {
  return text.replace(/^\[(.*)\]$/, '$1');
}

/** True for the names and addresses by which a machine reaches only itself. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.\d+){3}$/.test(host) || host.toLowerCase() === 'localhost';
}
