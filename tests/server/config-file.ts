/** A scratch folder for configuration files, and short forms of what comes out of reading them. */
import { afterAll, beforeAll } from '@jest/globals';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, parseConfig, type Config, type Problem } from '@synod/server/config';

/** What the file data/peer.secret holds, but for blanks around it. */
export const secret = 'correct horse battery staple';

/** Three server lines, and a file that uses them. */
export const three = ['server.1=a.example:2888:3888', 'server.2=b.example:2888:3888', 'server.3=c.example:2888:3888'];
export const ensemble = [
  ...['dataDir=data', 'serverId=2', ...three],
  ...['peerSecretFile=data/peer.secret', 'clientPortAddress=0.0.0.0'],
];

/** A folder with data/peer.secret, an empty elsewhere/ and a copy of conf/; it lives as long as the test file runs. */
export const folder = mkdtempSync(join(tmpdir(), 'synod-config-'));

beforeAll(() => {
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
  file('data/peer.secret', ` ${secret}\n`, 0o600);
  cpSync('conf', join(folder, 'conf'), { recursive: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

export function file(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

export function parse(...lines: readonly string[]): { config: Config; warnings: readonly Problem[] } {
  return parseConfig(lines.join('\n'), join(folder, 'x.cfg'));
}

/** `line: text` for each problem. */
export function print(problems: readonly Problem[]): string[] {
  return problems.map(({ line, text }) => `${line ?? '-'}: ${text.replaceAll(folder, '')}`);
}

export function problemsOf(...lines: readonly string[]): string[] {
  return print(caught(() => parse(...lines)).problems);
}

export function warningsOf(...lines: readonly string[]): string[] {
  return print(parse(...lines).warnings);
}

export function caught(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}
