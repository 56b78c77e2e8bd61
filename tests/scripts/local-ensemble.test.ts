/** The configuration files that `npm start` derives from conf/: other ports, another folder, the same ensemble. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@synod/server/config';
import { configFiles, provideSecret } from '../../scripts/lib/local-ensemble.js';

const data = mkdtempSync(join(tmpdir(), 'synod-start-'));

afterAll(() => {
  rmSync(data, { recursive: true });
});

describe('the files of npm start', () => {
  test('are those of conf/ where nothing else is asked for', () => {
    const { files } = configFiles({ port: null, data: null });
    expect(files.map((file) => file.replace(process.cwd(), '.'))).toEqual([
      './conf/local-1.cfg',
      './conf/local-2.cfg',
      './conf/local-3.cfg',
    ]);
  });

  test('have their ports and folders elsewhere where that is asked for', () => {
    const { folder, files } = configFiles({ port: 3000, data });
    provideSecret(folder);
    const configs = files.map((file) => loadConfig(file, fail));
    expect(configs.map((config) => config.clientAddress.port)).toEqual([3000, 3001, 3002]);
    expect(configs.map((config) => config.peerListen?.port)).toEqual([3700, 3701, 3702]);
    expect(configs.map((config) => config.dataDir)).toEqual(['1', '2', '3'].map((id) => join(data, id)));
    for (const config of configs) {
      expect(config.servers.map(({ port }) => port)).toEqual([3700, 3701, 3702]);
      expect(config.tickTime).toBe(1000);
    }
  });

  test.each([0, 1.5, NaN, 64_834])('cannot begin at port %p', (port) => {
    expect(() => configFiles({ port, data })).toThrow('--port must be a whole number from 1 to 64833');
  });

  test('share a secret that only its owner may read, and that is made once', () => {
    provideSecret(data);
    const secret = readFileSync(join(data, 'peer.secret'), 'utf8');
    expect(Buffer.from(secret, 'base64')).toHaveLength(32);
    expect(statSync(join(data, 'peer.secret')).mode & 0o777).toBe(0o600);
    provideSecret(data);
    expect(readFileSync(join(data, 'peer.secret'), 'utf8')).toBe(secret);
  });
});

function fail(warning: string): never {
  throw new Error(warning);
}
