/**
 * Commands for quotas: setquota, listquota, delquota. They work on the znodes that a quota is made of, as those of `zkCli` do,
 * and refuse quotas inside of quotas with its words.
 */
import type { Client } from '@synod/client';
import {
  fromBinaryString,
  isSynodError,
  joinPath,
  limitsPath,
  numberOf,
  parentPath,
  QUOTA_ROOT,
  readTrack,
  statsPath,
  toBinaryString,
  trackText,
  usageText,
  type Track,
} from '@synod/protocol';
import { RefusedError, type Command } from '../command.js';
import { UsageError, type Input } from '../usage.js';

/** The numbers of limits by their options. */
const LIMITS = { n: 'count', b: 'bytes', N: 'countHardLimit', B: 'byteHardLimit' } as const;
const LETTERS = ['n', 'b', 'N', 'B'] as const;
type Letter = (typeof LETTERS)[number];

/** Limits as `zkCli` begins them: none. */
const NO_LIMITS: Track = new Map(Object.values(LIMITS).map((name) => [name, -1n]));

export const setQuota: Command = {
  usage: 'setquota [-n count] [-b bytes] [-N count] [-B bytes] path',
  help: 'limits a subtree: -n and -b are only noted in the log, -N and -B refuse writes (where servers have enforceQuota=true)',
  async run(input, context) {
    const client = context.client();
    const path = input.args[0]!;
    const wanted = LETTERS.filter((letter) => input.values.has(letter));
    if (wanted.length === 0) throw new UsageError('one of -n, -b, -N and -B must be there');
    const changes = wanted.map((letter) => [LIMITS[letter], limitOf(input, letter)] as const);
    if (path === '/' || path === '/zookeeper' || path.startsWith('/zookeeper/')) {
      throw new RefusedError(`cannot set a quota under the path: ${path}`);
    }
    if ((await client.exists(path)) === null) throw new RefusedError(`${path} does not exist.`);
    await refuseNested(client, path);
    const before = await trackAt(client, limitsPath(path));
    const text = trackText(new Map([...(before?.track ?? NO_LIMITS), ...changes]));
    if (before === null) await make(client, path, text);
    else await client.set(limitsPath(path), fromBinaryString(text), { version: before.version });
    const usage = (await trackAt(client, statsPath(path)))?.track ?? new Map<string, bigint>();
    for (const [name, limit] of changes) {
      const what = name.startsWith('count') ? 'count' : 'bytes';
      const now = numberOf(usage, what);
      if (now > limit)
        context.print(`[Warning]: the ${what} quota you create is less than the existing ${what}:${now}`);
    }
  },
};

function limitOf(input: Input, letter: Letter): bigint {
  const text = input.values.get(letter)!;
  const limit = /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;
  if (limit > 0n) return limit;
  throw new UsageError(`-${letter} must be a whole number greater than zero, not "${text}"`);
}

/** The quota with all znodes above it that are missing; the usage is counted by the servers. */
async function make(client: Client, path: string, limits: string): Promise<void> {
  const names = path.split('/').slice(1);
  for (const [i] of names.entries()) {
    await unless('NODE_EXISTS', client.create(`${QUOTA_ROOT}/${names.slice(0, i + 1).join('/')}`, null));
  }
  await client.create(limitsPath(path), fromBinaryString(limits));
  await unless('NODE_EXISTS', client.create(statsPath(path), usageText({ count: 0, bytes: 0 })));
}

async function refuseNested(client: Client, path: string): Promise<void> {
  for (let above = parentPath(path); above !== '/'; above = parentPath(above)) {
    if (await client.exists(limitsPath(above)))
      throw new RefusedError(`${path} has a parent ${above} which has a quota`);
  }
  const open = await below(client, path);
  for (let child = open.pop(); child !== undefined; child = open.pop()) {
    if (await client.exists(limitsPath(child)))
      throw new RefusedError(`${path} has a child ${child} which has a quota`);
    open.push(...(await below(client, child)));
  }
}

/** Paths right below this one for which there is a znode among the quotas. */
async function below(client: Client, path: string): Promise<string[]> {
  const found = await unless('NO_NODE', client.children(QUOTA_ROOT + path));
  const own = new Set([limitsPath(path), statsPath(path)]);
  const paths = (found?.children ?? []).map((name) => joinPath(path, name));
  return paths.filter((child) => !own.has(QUOTA_ROOT + child));
}

export const listQuota: Command = {
  usage: 'listquota path',
  help: 'limits and usage of a subtree',
  async run(input, context) {
    const path = input.args[0]!;
    const [limits, usage] = [limitsPath(path), statsPath(path)];
    context.print(`absolute path is ${limits}`);
    const found = await trackAt(context.client(), limits);
    if (found === null) throw new RefusedError(`quota for ${path} does not exist.`);
    context.print(`Output quota for ${path} ${trackText(found.track)}`);
    const stat = await trackAt(context.client(), usage);
    if (stat !== null) context.print(`Output stat for ${path} ${trackText(stat.track)}`);
  },
};

export const delQuota: Command = {
  usage: 'delquota [-n] [-b] [-N] [-B] path',
  help: 'removes these limits of a subtree, or its whole quota',
  async run(input, context) {
    const client = context.client();
    const path = input.args[0]!;
    const before = await trackAt(client, limitsPath(path));
    if (before === null) throw new RefusedError(`Quota does not exist for ${path}`);
    if (input.flags.size > 0) {
      const gone = LETTERS.filter((letter) => input.flags.has(letter)).map((letter) => [LIMITS[letter], -1n] as const);
      const text = trackText(new Map([...before.track, ...gone]));
      await client.set(limitsPath(path), fromBinaryString(text), { version: before.version });
      return;
    }
    await unless('NO_NODE', client.delete(limitsPath(path)));
    await unless('NO_NODE', client.delete(statsPath(path)));
    // What was only made to hold it goes as well, up to where something else is.
    for (let at = QUOTA_ROOT + path; at !== QUOTA_ROOT; at = parentPath(at)) {
      const { children } = (await unless('NO_NODE', client.children(at))) ?? { children: [] };
      if (children.length > 0) return;
      await unless('NO_NODE', client.delete(at));
    }
  },
};

/** The numbers in a znode of a quota; null where it is not there. Text that is none of a quota counts as no numbers. */
async function trackAt(client: Client, path: string): Promise<{ track: Track; version: number } | null> {
  const found = await unless('NO_NODE', client.get(path));
  if (found === undefined) return null;
  const track = readTrack(found.data === null ? null : toBinaryString(found.data)) ?? new Map<string, bigint>();
  return { track, version: found.stat.version };
}

/** The answer; undefined where it is this refusal, which does not matter. */
async function unless<V>(code: 'NO_NODE' | 'NODE_EXISTS', call: Promise<V>): Promise<V | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isSynodError(error) && error.code === code) return undefined;
    throw error;
  }
}
