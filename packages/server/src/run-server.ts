/** The life of a server process: configuration, start, signals, end. */
import { setFlagsFromString } from 'node:v8';
import { ConfigError, loadConfig } from './config.js';
import { Host } from './host/host.js';
import { nodeWorld } from './host/node-world.js';
import { createLogger, describeError } from './host/logger.js';

/**
 * Runs a server until SIGTERM or SIGINT, then hands over and ends the process with code 0. A configuration that is not
 * usable, a directory or port that is not to be had, or a failure later on ends it with code 1 and a reason in words.
 */
export async function runServer(configFile: string): Promise<void> {
  // What a server allocates fast is mostly there to stay (znodes). In a young generation that grows, each collection
  // copies up to 16 MB of it in one pause; one that keeps its first size pauses often and for a few milliseconds.
  setFlagsFromString('--semi-space-growth-factor=1');
  let config;
  try {
    config = loadConfig(configFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger({ level: config.logLevel }).child({ server: config.serverId });
  const host = new Host(config, log, nodeWorld, () => process.exit(1));
  try {
    await host.start();
  } catch (error) {
    log.error('not-started', { cause: error instanceof Error ? error.message : describeError(error) });
    process.exit(1);
  }
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { signal });
    host.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('not-stopped', { cause: describeError(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}
