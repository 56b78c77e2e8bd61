/**
 * What the examples have in common when they are run from the command line: options, one client, and an orderly end.
 * Nothing here is needed to understand them.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { connect, isSynodError, type Client } from '@synod/client';

/** The options of a program as they were given; an option that was not given has its default or is missing. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

const common = {
  server: { type: 'string', default: '127.0.0.1:2181' },
  timeout: { type: 'string', default: '10000' },
} as const;

/**
 * Runs `body` with a client where the module `url` is what node was started with; does nothing where it was imported.
 * Every program knows `--server host:port,…` and `--timeout` (of the session, in milliseconds). The session ends with
 * the program, also by Ctrl-C. A failure ends it with code 1 and its reason in words.
 */
export async function runProgram(
  url: string,
  options: NonNullable<ParseArgsConfig['options']>,
  body: (client: Client, values: Values, words: readonly string[]) => Promise<void>,
): Promise<void> {
  const [, script] = process.argv;
  if (script === undefined || realpathSync(script) !== fileURLToPath(url)) return;
  try {
    const parsed = parseArgs({ options: { ...common, ...options }, allowPositionals: true });
    const values = parsed.values as Values;
    const client = await connect(String(values['server']), { sessionTimeout: Number(values['timeout']) });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void client.close().then(() => process.exit(0)));
    }
    await body(client, values, parsed.positionals);
    await client.close();
  } catch (error) {
    if (!isSynodError(error) && !(error instanceof TypeError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
