/** What keeps package-lock.json fit for every platform, and when it counts as installed. */
import { describe, expect, test } from '@jest/globals';
import { completeLockFile, isInstalled } from '../../scripts/lib/lockfile.js';

describe('completing a lock file', () => {
  test('adds what a registry did not have, with the platform that the name says', () => {
    const optionalDependencies = {
      'a-linux-x64-musl': '1.0.0',
      'a-win32-ia32-msvc': '1.0.0',
      'a-darwin-arm64': '1.0.0',
    };
    const packages = {
      'node_modules/a': { version: '1.0.0', dev: true, optionalDependencies },
      'node_modules/a-darwin-arm64': { version: '1.0.0', integrity: 'sha512-x', optional: true },
      'node_modules/b': { version: '2.0.0' },
    };
    const complete = completeLockFile(JSON.stringify({ name: 'n', packages }));
    expect(JSON.parse(complete)).toEqual({
      name: 'n',
      packages: {
        ...packages,
        'node_modules/a-linux-x64-musl': {
          ...{ version: '1.0.0', dev: true, optional: true },
          ...{ os: ['linux'], cpu: ['x64'], libc: ['musl'] },
        },
        'node_modules/a-win32-ia32-msvc': { version: '1.0.0', dev: true, optional: true, os: ['win32'], cpu: ['ia32'] },
      },
    });
    expect(completeLockFile(complete)).toBe(complete);
  });

  test('leaves a complete one as it is, byte for byte', () => {
    const text = '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }';
    expect(completeLockFile(text)).toBe(text);
  });
});

describe('what is installed', () => {
  const wanted = {
    '': {},
    'packages/a': { version: '0.1.0' },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/c-win32-x64': { version: '1.0.0', optional: true },
  };

  test.each([
    ['the same', { 'node_modules/b': { version: '1.0.0' } }, true],
    ['one more', { 'node_modules/b': { version: '1.0.0' }, 'node_modules/d': { version: '1.0.0' } }, true],
    ['another version', { 'node_modules/b': { version: '1.0.1' } }, false],
    ['nothing', {}, false],
  ])('%s', (_, installed, expected) => {
    expect(isInstalled(wanted, installed)).toBe(expected);
  });
});
