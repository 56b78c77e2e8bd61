/** Commands about the session: who it is and what it watches. */
import type { Command } from '../command.js';
import { escapeText } from '../output.js';
import { UsageError } from '../usage.js';

export const addauth: Command = {
  usage: 'addauth scheme credentials',
  help: 'adds an identity, for example: addauth digest user:password',
  shellOnly: true,
  async run(input, context) {
    const [scheme, credentials] = input.args;
    await context.client().addAuth(scheme!, credentials!);
  },
};

export const whoami: Command = {
  usage: 'whoami',
  help: 'the identities of this session',
  async run(_input, context) {
    const identities = await context.client().whoAmI();
    context.print(
      ['Auth scheme: User', ...identities.map(({ scheme, id }) => `${scheme}: ${id}`)].map(escapeText).join('\n'),
    );
  },
};

const MODES = new Map<string, 'persistent' | 'recursive'>([
  ['PERSISTENT', 'persistent'],
  ['PERSISTENT_RECURSIVE', 'recursive'],
]);

export const addWatch: Command = {
  usage: 'addWatch [-m mode] path',
  help: 'a lasting watch; -m PERSISTENT (one znode) or PERSISTENT_RECURSIVE (all below it too, the default)',
  shellOnly: true,
  async run(input, context) {
    const name = input.values.get('m') ?? 'PERSISTENT_RECURSIVE';
    const mode = MODES.get(name.toUpperCase());
    if (mode === undefined) throw new UsageError(`mode must be ${[...MODES.keys()].join(' or ')}, not "${name}"`);
    await context.client().addWatch(input.args[0]!, mode, context.onEvent);
  },
};

const TYPES = [
  ['c', 'children'],
  ['d', 'data'],
  ['p', 'persistent'],
  ['r', 'persistentRecursive'],
  ['a', 'any'],
] as const;

export const removewatches: Command = {
  usage: 'removewatches [-c] [-d] [-p] [-r] [-a] path',
  help: 'removes watches: -c of children, -d of data, -p persistent, -r persistent recursive, -a all (the default)',
  shellOnly: true,
  async run(input, context) {
    const given = TYPES.filter(([letter]) => input.flags.has(letter));
    if (given.length > 1)
      throw new UsageError(`only one of ${given.map(([letter]) => `-${letter}`).join(', ')} at a time`);
    await context.client().removeWatches(input.args[0]!, given[0]?.[1] ?? 'any');
  },
};
