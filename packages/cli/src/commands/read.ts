/** Commands that look: ls, get, stat, getAcl, getEphemerals, getAllChildrenNumber. */
import type { WatchOptions } from '@synod/client';
import { isSynodError, joinPath, SynodError } from '@synod/protocol';
import type { Command, Context } from '../command.js';
import { decodeText, escapeData, escapeText, formatAcl, formatList, formatStat } from '../output.js';
import { UsageError, type Input } from '../usage.js';

export const ls: Command = {
  usage: 'ls [-s] [-w] [-R] path',
  help: 'names of the children; -s with Stat, -w with a watch, -R the whole subtree',
  async run(input, context) {
    const path = input.args[0]!;
    if (input.flags.has('R')) return listSubtree(path, context);
    const { children, stat } = await context.client().children(path, watchOf(input, context));
    context.print(formatList(children));
    if (input.flags.has('s')) context.print(formatStat(stat));
  },
};

/** Depth first, in the order of names. What goes while it is listed is left out. */
async function listSubtree(path: string, context: Context): Promise<void> {
  const { children } = await context.client().children(path);
  context.print(escapeText(path));
  for (const name of children.sort()) {
    try {
      await listSubtree(joinPath(path, name), context);
    } catch (error) {
      if (!isSynodError(error) || error.code !== 'NO_NODE') throw error;
    }
  }
}

export const get: Command = {
  usage: 'get [-s] [-w] path',
  help: 'data of a znode; -s with Stat, -w with a watch',
  async run(input, context) {
    const { data, stat } = await context.client().get(input.args[0]!, watchOf(input, context));
    printData(data, context);
    if (input.flags.has('s')) context.print(formatStat(stat));
  },
};

/** Text gets a line break; other bytes go to a file or pipe exactly as they are, to a terminal in a harmless form. */
function printData(data: Uint8Array | null, context: Context): void {
  if (data === null) context.print('null');
  else if (context.terminal) context.print(escapeData(data));
  else {
    context.write(data);
    if (decodeText(data) !== undefined) context.print('');
  }
}

export const stat: Command = {
  usage: 'stat [-w] path',
  help: 'Stat of a znode; -w with a watch',
  async run(input, context) {
    const path = input.args[0]!;
    const found = await context.client().exists(path, watchOf(input, context));
    if (found === null) throw new SynodError({ code: 'NO_NODE', reason: 'there is no such znode', path });
    context.print(formatStat(found));
  },
};

export const getAcl: Command = {
  usage: 'getAcl [-s] path',
  help: 'access list of a znode; -s with Stat',
  async run(input, context) {
    const found = await context.client().getAcl(input.args[0]!);
    context.print(formatAcl(found.acl));
    if (input.flags.has('s')) context.print(formatStat(found.stat));
  },
};

export const getEphemerals: Command = {
  usage: 'getEphemerals [path]',
  help: "paths of this session's ephemeral znodes that begin with path",
  async run(input, context) {
    context.print(formatList(await context.client().ephemerals(input.args[0])));
  },
};

export const getAllChildrenNumber: Command = {
  usage: 'getAllChildrenNumber path',
  help: 'how many znodes there are below a path',
  async run(input, context) {
    context.print(String(await context.client().allChildrenNumber(input.args[0]!)));
  },
};

function watchOf(input: Input, context: Context): WatchOptions {
  if (!input.flags.has('w')) return {};
  if (context.shell === undefined) throw new UsageError('a watch ends with its session: -w works in the shell only');
  return { watch: context.onEvent };
}
