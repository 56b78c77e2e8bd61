/**
 * Where the znodes of a quota are, and the text in them, `count=5,bytes=-1=;byteHardLimit=100;countHardLimit=7`, as ZooKeeper's class
 * StatsTrack reads and writes it, its oddities included: `,` and `;` both separate, count and bytes come first, whatever
 * other numbers there are follow in the order of their names, and a `=` too much stands before them. −1 is no limit.
 * A text is a binary string, as the data of znodes is.
 */

/** Below it lies a znode for each subtree with a quota, at the path of the subtree. */
export const QUOTA_ROOT = '/zookeeper/quota';

const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** The znode that says how much a subtree may hold. */
export function limitsPath(subtree: string): string {
  return `${QUOTA_ROOT}${subtree}/${LIMITS}`;
}

/** The znode that says how much it does hold. */
export function statsPath(subtree: string): string {
  return `${QUOTA_ROOT}${subtree}/${STATS}`;
}

/** True for a path that can be one of the two. */
export function isQuotaZnode(path: string): boolean {
  return path.startsWith(`${QUOTA_ROOT}/`) && (path.endsWith(`/${LIMITS}`) || path.endsWith(`/${STATS}`));
}

/** Numbers by name: 64 bits, as Java has them. */
export type Track = ReadonlyMap<string, bigint>;

/** What a subtree holds, its root included. */
export interface Usage {
  readonly count: number;
  /** Of data. */
  readonly bytes: number;
}

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
const NONE = -1n;

/** The numbers in a text; null where it is none of these texts. */
export function readTrack(text: string | null): Track | null {
  if (text === null) return null;
  const numbers = new Map<string, bigint>();
  const pairs = text.split(/[,;]+/);
  while (pairs.at(-1) === '') pairs.pop();
  for (const pair of pairs) {
    const [name = '', digits] = pair.replace(/=+$/, '').split('=');
    if (digits === undefined || !/^([+-]?\d{1,40})?$/.test(digits)) return null;
    const number = digits === '' ? NONE : BigInt(digits.replace('+', ''));
    if (number < LEAST || number > MOST) return null;
    numbers.set(name, number);
  }
  return numbers;
}

/** The text of these numbers. */
export function trackText(track: Track): string {
  const others = [...track.keys()].filter((name) => name !== 'count' && name !== 'bytes').sort();
  const start = `count=${numberOf(track, 'count')},bytes=${numberOf(track, 'bytes')}`;
  return others.length === 0 ? start : `${start}=${others.map((name) => `;${name}=${numberOf(track, name)}`).join('')}`;
}

/** The text of a usage. */
export function usageText({ count, bytes }: Usage): string {
  return `count=${count},bytes=${bytes}`;
}

/** The text of a usage that has changed; null where the old one cannot be read. */
export function movedText(text: string | null, count: number, bytes: number): string | null {
  const track = readTrack(text);
  if (track === null) return null;
  const moved = (name: string, by: number): [string, bigint] => [
    name,
    BigInt.asIntN(64, numberOf(track, name) + BigInt(by)),
  ];
  return trackText(new Map([...track, moved('count', count), moved('bytes', bytes)]));
}

/** One of the numbers; −1 where it is not there. */
export function numberOf(track: Track, name: 'count' | 'bytes' | (string & {})): bigint {
  return track.get(name) ?? NONE;
}
