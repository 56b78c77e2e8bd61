/** The table of commands, in the order of help. */
import { nameOf, type Command } from './command.js';
import * as quota from './commands/quota.js';
import * as read from './commands/read.js';
import * as session from './commands/session.js';
import * as shell from './commands/shell.js';
import * as write from './commands/write.js';
import { parseUsage, UsageError, type Grammar } from './usage.js';

export interface Entry {
  readonly name: string;
  readonly command: Command;
  readonly grammar: Grammar;
}

const help: Command = {
  usage: 'help [command]',
  help: 'this list, or one command',
  run(input, context) {
    const [name] = input.args;
    if (name !== undefined) context.print(describe(findCommand(name).command));
    else for (const { command } of commands.values()) context.print(describe(command));
  },
};

/** All commands by name. */
export const commands: ReadonlyMap<string, Entry> = new Map(
  [
    read.ls,
    read.get,
    read.stat,
    write.set,
    write.create,
    write.deleteOne,
    write.deleteAll,
    write.sync,
    read.getAcl,
    write.setAcl,
    session.addauth,
    session.whoami,
    session.addWatch,
    session.removewatches,
    read.getEphemerals,
    read.getAllChildrenNumber,
    quota.setQuota,
    quota.listQuota,
    quota.delQuota,
    shell.history,
    shell.redo,
    shell.connect,
    shell.close,
    shell.quit,
    help,
  ].map((command) => {
    const name = nameOf(command);
    return [name, { name, command, grammar: parseUsage(command.usage) }];
  }),
);

const BY_SMALL_NAME = new Map([...commands.values()].map((entry) => [entry.name.toLowerCase(), entry]));
const ALIASES = new Map([['exit', 'quit']]);

/** A command by its name, in any case; throws UsageError where there is none. */
export function findCommand(name: string): Entry {
  const small = name.toLowerCase();
  const entry = BY_SMALL_NAME.get(ALIASES.get(small) ?? small);
  if (entry === undefined) throw new UsageError(`there is no command "${name}"; help lists them`);
  return entry;
}

function describe({ usage, help: words }: Command): string {
  return `${usage}\n    ${words}`;
}
