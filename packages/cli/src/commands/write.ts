/** Commands that change: create, set, delete, deleteall, setAcl, sync. */
import type { Client, CreateOptions } from '@synod/client';
import { isSynodError, joinPath, limits } from '@synod/protocol';
import type { Command } from '../command.js';
import { escapeText, formatStat, parseAcl } from '../output.js';
import { UsageError, type Input } from '../usage.js';

export const create: Command = {
  usage: 'create [-s] [-e] [-c] [-t ttl] path [data] [acl]',
  help: 'a new znode; -s sequential, -e ephemeral, -c container, -t with a time to live in milliseconds',
  async run(input, context) {
    const [path, data, acl] = input.args;
    if (input.flags.has('e') && context.shell === undefined) {
      throw new UsageError('an ephemeral znode ends with its session: -e works in the shell only');
    }
    const options: CreateOptions = { ...modeOf(input), acl: acl === undefined ? undefined : parseAcl(acl) };
    const created = await context.client().create(path!, data ?? null, options);
    context.print(`Created ${escapeText(created.path)}`);
  },
};

function modeOf({ flags, values }: Input): CreateOptions {
  const sequential = flags.has('s');
  const ttl = values.get('t');
  if (flags.has('c')) {
    if (sequential || flags.has('e') || ttl !== undefined) {
      throw new UsageError('-c cannot be combined with -s, -e or -t: containers are neither sequential nor ephemeral');
    }
    return { mode: 'container' };
  }
  if (ttl !== undefined) {
    if (flags.has('e')) throw new UsageError('-t cannot be combined with -e: an ephemeral znode ends with its session');
    return { mode: sequential ? 'ttlSequential' : 'ttl', ttl: whole('ttl', ttl, 1, limits.ttlMs) };
  }
  if (flags.has('e')) return { mode: sequential ? 'ephemeralSequential' : 'ephemeral' };
  return { mode: sequential ? 'persistentSequential' : 'persistent' };
}

export const set: Command = {
  usage: 'set [-s] [-v version] path data',
  help: 'new data for a znode; -s prints the Stat, -v only if the data has this version',
  async run(input, context) {
    const [path, data] = input.args;
    const stat = await context.client().set(path!, data!, { version: versionOf(input) });
    if (input.flags.has('s')) context.print(formatStat(stat));
  },
};

export const deleteOne: Command = {
  usage: 'delete [-v version] path',
  help: 'removes a znode; -v only if its data has this version',
  async run(input, context) {
    await context.client().delete(input.args[0]!, { version: versionOf(input) });
  },
};

export const deleteAll: Command = {
  usage: 'deleteall path',
  help: 'removes a znode with everything below it (not in one step)',
  async run(input, context) {
    const client = context.client();
    const paths = [input.args[0]!];
    await client.children(paths[0]!);
    for (let listed = 0; listed < paths.length;) {
      const batch = paths.slice(listed, listed + BATCH);
      listed += batch.length;
      const below = await Promise.all(batch.map((path) => childrenOf(client, path)));
      for (const path of below.flat()) paths.push(path);
    }
    // Parents stand before their children, so from the end every znode is empty when its turn comes.
    paths.reverse();
    for (let i = 0; i < paths.length; i += BATCH) {
      await Promise.all(paths.slice(i, i + BATCH).map((path) => orGone(client.delete(path))));
    }
  },
};

/** Znodes that are asked about, or removed, at the same time. */
const BATCH = 500;

async function childrenOf(client: Client, path: string): Promise<string[]> {
  const found = await orGone(client.children(path));
  return (found?.children ?? []).map((name) => joinPath(path, name));
}

/** What somebody else has removed meanwhile is gone as it should be. */
async function orGone<V>(call: Promise<V>): Promise<V | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isSynodError(error) && error.code === 'NO_NODE') return undefined;
    throw error;
  }
}

export const setAcl: Command = {
  usage: 'setAcl [-s] [-v version] path acl',
  help: 'a new access list, scheme:id:cdrwa,…; -s prints the Stat, -v only if the list has this version',
  async run(input, context) {
    const [path, acl] = input.args;
    const stat = await context.client().setAcl(path!, parseAcl(acl!), { version: versionOf(input) });
    if (input.flags.has('s')) context.print(formatStat(stat));
  },
};

export const sync: Command = {
  usage: 'sync path',
  help: 'waits until the server has everything that was decided before',
  async run(input, context) {
    await context.client().sync(input.args[0]);
    context.print('Sync is OK');
  },
};

function versionOf(input: Input): number | undefined {
  const text = input.values.get('v');
  return text === undefined ? undefined : whole('version', text, -(2 ** 31), 2 ** 31 - 1);
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= low && value <= high) return value;
  throw new UsageError(`${name} must be a whole number from ${low} to ${high}, not "${text}"`);
}
