/** A server that stands alone, in this process, with everything that ships but the command line. */
import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Host, nodeWorld, parseConfig } from '@synod/server';
import { Journal, journalLogger } from '../../server/journal.js';

export interface Server {
  readonly port: number;
  /** The lines of its log. */
  readonly lines: Journal<string>;
  readonly host: Host;
}

const started: { host: Host; dir: string }[] = [];

afterAll(async () => {
  await Promise.all(
    started.splice(0).map(async ({ host, dir }) => {
      await host.stop();
      rmSync(dir, { recursive: true });
    }),
  );
});

/** Starts one with further lines of configuration; it stops when the tests of the file are over. */
export async function startServer(...settings: readonly string[]): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'synod-'));
  const lines = new Journal<string>();
  const own = [`dataDir=${join(dir, 'data')}`, 'clientPort=0', 'tickTime=100', 'minSessionTimeout=300'];
  const { config } = parseConfig([...own, 'maxSessionTimeout=60000', ...settings].join('\n'), join(dir, 'synod.cfg'));
  const fatal = (reason: string): void => lines.add(`FATAL ${reason}`);
  const host = new Host(config, journalLogger(lines), nodeWorld, fatal);
  await host.start();
  started.push({ host, dir });
  await lines.until((line) => line.includes('role=leading') || line.startsWith('FATAL'));
  return { host, port: host.clientPort, lines };
}
