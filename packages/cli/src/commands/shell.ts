/** Commands about the shell itself. */
import type { Command, ShellControl } from '../command.js';
import { UsageError } from '../usage.js';

/** The session ends with a one-shot command anyway; the table keeps these out of it. */
function shellOf(shell: ShellControl | undefined): ShellControl {
  if (shell === undefined) throw new Error('a command of the shell ran outside it');
  return shell;
}

/** How many lines history shows, as ZooKeeper's shell. */
const SHOWN = 11;

export const history: Command = {
  usage: 'history',
  help: 'the last lines, with the numbers that redo takes',
  shellOnly: true,
  run(_input, context) {
    const { lines } = shellOf(context.shell);
    lines.forEach((line, number) => {
      if (number >= lines.length - SHOWN) context.print(`${number} - ${line}`);
    });
  },
};

export const redo: Command = {
  usage: 'redo number',
  help: 'runs a line of the history again',
  shellOnly: true,
  async run(input, context) {
    const shell = shellOf(context.shell);
    const text = input.args[0]!;
    const line = /^\d+$/.test(text) ? shell.lines[Number(text)] : undefined;
    if (line === undefined) throw new UsageError(`there is no line "${text}" in the history`);
    if (/^\s*redo\b/.test(line)) throw new UsageError(`line ${text} is a redo itself`);
    await shell.run(line);
  },
};

export const connect: Command = {
  usage: 'connect [servers]',
  help: 'a new session, with host:port,host:port/chroot or the servers of before',
  shellOnly: true,
  async run(input, context) {
    await shellOf(context.shell).connect(input.args[0]);
  },
};

export const close: Command = {
  usage: 'close',
  help: 'ends the session; the shell stays',
  shellOnly: true,
  async run(_input, context) {
    await shellOf(context.shell).close();
  },
};

export const quit: Command = {
  usage: 'quit',
  help: 'ends the session and the shell (also: exit, or end of input)',
  shellOnly: true,
  run(_input, context) {
    shellOf(context.shell).quit();
  },
};
