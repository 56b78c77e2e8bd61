/** One command and out: `synod get /path`. */
import { connect, type Client, type ConnectOptions } from '@synod/client';
import type { Context } from './command.js';
import { findCommand } from './commands.js';
import { reportOf } from './report.js';
import { ExitCode, type Streams } from './streams.js';
import { parseWords, UsageError, type Input } from './usage.js';

/** Where to connect and how. */
export interface Target {
  readonly servers: string;
  readonly options: ConnectOptions;
}

/** Runs one command of the table; resolves with the exit code. */
export async function runOnce(words: readonly string[], target: Target, streams: Streams): Promise<ExitCode> {
  const [name = '', ...rest] = words;
  const fail = (error: unknown, usage?: string, path?: string): ExitCode => {
    const report = reportOf(error, usage, path);
    streams.stderr.write(`${report.text}\n`);
    return report.code;
  };
  let client: Client | undefined;
  let usage: string | undefined;
  let input: Input | undefined;
  try {
    const { command, grammar } = findCommand(name);
    usage = `synod ${command.usage}`;
    if (rest.includes('--help')) {
      streams.stdout.write(`${usage}\n    ${command.help}\n`);
      return ExitCode.ok;
    }
    if (command.shellOnly === true) throw new UsageError(`${name} works in the shell only: synod shell`);
    input = parseWords(grammar, rest);
    if (command.usage !== 'help [command]') client = await connect(target.servers, target.options);
    await command.run(input, contextOf(client, streams));
    return ExitCode.ok;
  } catch (error) {
    return fail(error, usage, input?.args[0]);
  } finally {
    await client?.close();
  }
}

function contextOf(client: Client | undefined, { stdout }: Streams): Context {
  return {
    client() {
      if (client === undefined) throw new Error('a command without a connection asked for one');
      return client;
    },
    shell: undefined,
    terminal: stdout.isTTY === true,
    print: (line) => stdout.write(`${line}\n`),
    write: (bytes) => stdout.write(bytes),
    onEvent: () => undefined,
  };
}
