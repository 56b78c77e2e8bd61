/**
 * House rules that neither the compiler nor the linter checks: what a stranger counts on who opens any file, and what
 * rots unseen. Each test names the files that break the rule.
 */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { missingEntries, type LockEntries } from '../scripts/lib/lockfile.js';

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string, pattern: RegExp): SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(^|\/)(node_modules|dist|tests\/build)\//.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

const packages = readdirSync('packages').sort();
const product = packages.flatMap((name) => filesBelow(join('packages', name, 'src'), /\.ts$/));
const scripts = filesBelow('scripts', /\.c?js$/);
const tests = filesBelow('tests', /\.ts$/);
const sources = [...product, ...scripts, ...tests];
const documents = ['.', ...packages.map((name) => join('packages', name))]
  .map((folder) => ({ folder, path: join(folder, 'README.md') }))
  .filter(({ path }) => existsSync(path))
  .map(({ folder, path }) => ({ folder, text: read(path) }));

/** The files for which `rule` does not hold. */
function against(files: readonly SourceFile[], rule: (file: SourceFile) => boolean): string[] {
  return files.filter((file) => !rule(file)).map((file) => file.path);
}

describe('every source file', () => {
  test('has at most 400 lines', () => {
    expect(against(sources, ({ text }) => text.trimEnd().split('\n').length <= 400)).toEqual([]);
  });

  test('begins with a comment that says what it is for', () => {
    const beginning = /^(#!.*\n)?(\/\*\*|'use strict')/;
    const imports = /^import [^;]*;\n+/gm;
    const isIndex = /\/index\.ts$/;
    const rule = ({ path, text }: SourceFile): boolean =>
      isIndex.test(path) || beginning.test(text.replace(imports, ''));
    expect(against(sources, rule)).toEqual([]);
  });

  test('is finished: no note of work left undone', () => {
    const words = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'];
    const note = new RegExp(`\\b(${words.join('|')})\\b`);
    expect(against(sources, ({ text }) => !note.test(text))).toEqual([]);
  });

  test('switches no rule off without saying why', () => {
    const bare = /(eslint-disable(?!.* -- )|@ts-ignore|@ts-nocheck|@ts-expect-error(?! \S)|prettier-ignore)/;
    const others = sources.filter(({ path }) => path !== 'tests/tidy.test.ts');
    expect(against(others, ({ text }) => !bare.test(text))).toEqual([]);
  });

  test('is spelled in lower case with dashes', () => {
    expect(against(sources, ({ path }) => path === path.toLowerCase() && !path.includes('_'))).toEqual([]);
  });
});

describe('no source file is dead', () => {
  /** Paths that a file names: imports, and files that are started as threads or programs. */
  function references(file: SourceFile): string[] {
    const named = [...file.text.matchAll(/['"`]([\w./-]+)\.js['"`]/g)].map(([, path = '']) =>
      normalize(join(dirname(file.path), path)),
    );
    const across = [...file.text.matchAll(/['"]@synod\/(\w+)\/([\w/-]+)['"]/g)].map(([, name = '', path = '']) =>
      join('packages', name, 'src', path),
    );
    return [...named, ...across];
  }

  function unreached(files: readonly SourceFile[], roots: readonly string[]): string[] {
    const byName = new Map(files.map((file) => [file.path.replace(/\.(ts|c?js)$/, ''), file]));
    const reached = new Set<string>();
    const open = [...roots];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const file = byName.get(name);
      if (!file || reached.has(file.path)) continue;
      reached.add(file.path);
      open.push(...references(file));
    }
    return files.map(({ path }) => path).filter((path) => !reached.has(path));
  }

  test('in the packages: all are reached from an index or a program', () => {
    const roots = packages.flatMap((name) => ['index', 'main'].map((file) => join('packages', name, 'src', file)));
    expect(unreached(product, roots)).toEqual([]);
  });

  test('in scripts/: all are reached from package.json or .ci/run', () => {
    const callers = [read('package.json'), read('.ci/run'), ...scripts.map(({ text }) => text)].join('\n');
    const called = [...callers.matchAll(/scripts\/[\w.-]+(?=\.c?js)/g)].map(([name]) => name);
    expect(unreached(scripts, called)).toEqual([]);
  });

  test('in tests/: all are tests or used by one', () => {
    const roots = tests.map(({ path }) => path).filter((path) => path.endsWith('.test.ts'));
    expect(
      unreached(
        tests,
        roots.map((path) => path.replace(/\.ts$/, '')),
      ),
    ).toEqual([]);
  });
});

describe('packages', () => {
  interface Manifest {
    readonly name: string;
    readonly version: string;
    readonly license: string;
    readonly type: string;
    readonly description: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  }
  const manifests = packages.map((name) => JSON.parse(read(join('packages', name, 'package.json'))) as Manifest);

  test('stand in the map of README.md, and nothing else does', () => {
    const rows = [...read('README.md').matchAll(/^\| \[`?([\w-]+)`?\]\(packages\/([\w-]+)(?:\/[^)]*)?\)/gm)];
    expect(rows.map(([, label]) => label).sort()).toEqual(packages);
    expect(rows.map(([, , folder]) => folder).sort()).toEqual(packages);
  });

  test('are named, licensed and described alike', () => {
    for (const [index, { name, version, license, type, description }] of manifests.entries()) {
      const { version: whole } = JSON.parse(read('package.json')) as Manifest;
      expect({ name, version, license, type }).toEqual({
        name: `@synod/${packages[index]}`,
        version: whole,
        license: 'Apache-2.0',
        type: 'module',
      });
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });

  test('name in package.json just what their sources import', () => {
    const differing = manifests.flatMap(({ dependencies = {} }, index) => {
      const folder = `packages/${packages[index]}`;
      const text = product.filter(({ path }) => path.startsWith(`${folder}/`)).map((file) => file.text);
      const imports = [...text.join('\n').matchAll(/(?:from|import\() ?'((?:@[\w.-]+\/)?[\w-]+)(?:\/[\w./-]+)?'/g)];
      const imported = new Set(imports.map(([, name = '']) => name));
      const named = new Set(Object.keys(dependencies));
      return [
        ...[...imported].filter((name) => !named.has(name)).map((name) => `${folder} imports ${name}`),
        ...[...named].filter((name) => !imported.has(name)).map((name) => `${folder} does not import ${name}`),
      ];
    });
    expect(differing).toEqual([]);
  });

  test('refer to the packages that they import when they are compiled', () => {
    for (const [index, { dependencies = {} }] of manifests.entries()) {
      const { references } = JSON.parse(read(join('packages', packages[index] ?? '', 'tsconfig.json'))) as {
        references: { path: string }[];
      };
      const imported = Object.keys(dependencies).filter((name) => name.startsWith('@synod/'));
      expect(references.map(({ path }) => path.replace('../', '@synod/')).sort()).toEqual(imported.sort());
    }
  });
});

describe('documents', () => {
  test('tell about every package', () => {
    const missing = packages.map((name) => join('packages', name, 'README.md')).filter((path) => !existsSync(path));
    expect(missing).toEqual([]);
  });

  test('link to files that are there', () => {
    const broken = documents.flatMap(({ folder, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => join(folder, target))
        .filter((target) => !existsSync(target)),
    );
    expect(broken).toEqual([]);
  });

  test('name commands that package.json has', () => {
    const { scripts: commands } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap(({ text }) => [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w-]+)/g)]);
    expect(named.map(([, name = '']) => name).filter((name) => !(name in commands))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  const entries = (JSON.parse(read('package-lock.json')) as { packages: LockEntries }).packages;

  test('names no registry, so that it serves behind any', () => {
    const pinned = Object.entries(entries).filter(([, entry]) => entry.resolved !== undefined && entry.link !== true);
    expect(pinned.map(([folder]) => folder)).toEqual([]);
  });

  test('is complete for every platform (npm run fix completes it)', () => {
    expect(Object.keys(missingEntries(entries))).toEqual([]);
  });
});
