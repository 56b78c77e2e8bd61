/** The `synod` command: server, shell, and one-shot commands, with their help and exit codes. */
import yargs from 'yargs';
import { readCommandLine, type CommandLine } from './command-line.js';
import { commands } from './commands.js';
import { IMPORT_HELP, importOptions, readImportOptions } from './commands/import.js';
import { runImport } from './import/import.js';
import { runOnce } from './once.js';
import { reportOf } from './report.js';
import { Shell } from './shell.js';
import { ExitCode, type Streams } from './streams.js';
import { UsageError } from './usage.js';

/** Carries out a command line (without node and script); resolves with the exit code. */
export async function run(argv: readonly string[], streams: Streams): Promise<ExitCode> {
  let line: CommandLine;
  try {
    line = readCommandLine(argv, streams.env);
  } catch (error) {
    return fail(error, streams);
  }
  const [name] = line.words;
  if (name !== undefined && !name.startsWith('-') && !TOP_LEVEL.has(name)) {
    return runOnce(line.words, line, streams);
  }
  return runTopLevel(line, streams);
}

const TOP_LEVEL = new Set(['server', 'shell', 'import']);

/** What is not in the table: its words are parsed, and its help is written, by yargs. */
async function runTopLevel(line: CommandLine, streams: Streams): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  const table = [...commands.values()].filter(({ command }) => command.shellOnly !== true);
  const parser = yargs()
    .scriptName('synod')
    .usage(
      '$0 <command>\n\nCommands of the shell work here too:\n' +
        table.map(({ command }) => `  $0 ${command.usage}`).join('\n'),
    )
    .command(
      'server',
      'runs one server of an ensemble',
      (server) => server.option('config', { type: 'string', demandOption: true, describe: 'its configuration file' }),
      async ({ config }) => {
        const { runServer } = await import('@synod/server');
        await runServer(config);
      },
    )
    .command(
      'shell',
      'an interactive shell; help in it lists its commands',
      () => undefined,
      async () => {
        code = await new Shell(line, streams).main();
      },
    )
    .command('import', IMPORT_HELP, importOptions, async (parsed) => {
      code = await runImport(readImportOptions(parsed), line, streams);
    })
    .describe({
      server: 'host:port,host:port/chroot; also SYNOD_SERVER',
      timeout: 'session timeout in ms; without a server the command fails after it (5000)',
      auth: 'scheme:credentials',
    })
    .string(['server', 'timeout', 'auth'])
    .demandCommand(1, 'which command?')
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      // yargs hands over an error only where a command has thrown one.
      throw (error as Error | undefined) ?? new UsageError(message);
    });
  try {
    await parser.parseAsync([...line.words], {}, (_error, _argv, output) => {
      if (output !== '') streams.stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    return fail(error, streams);
  }
}

function fail(error: unknown, streams: Streams): ExitCode {
  const report = reportOf(error, 'synod [--server host:port,…] <command>; synod --help lists the commands', undefined);
  streams.stderr.write(`${report.text}\n`);
  return report.code;
}
