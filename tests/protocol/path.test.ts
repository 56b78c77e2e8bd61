/** Which paths are good, and what is said about the others. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baseName, joinPath, limits, parentPath, pathProblem, sequenceSuffix } from '@synod/protocol';

const longest = `/${'a'.repeat(limits.pathLength - 1)}`;

test.each([
  '/',
  '/a',
  '/a/b/c',
  '/.a',
  '/a.',
  '/...',
  '/.../x',
  '/a..b/..c',
  '/ with blanks ',
  '/\u007e',
  '/\u00a0',
  '/\ud7ff',
  '/\uf900',
  '/\uffef',
  '/\ufeffmarked',
  '/ümlaut/漢字',
  '/zookeeper',
  longest,
])('%j is good', (path) => {
  expect(pathProblem(path)).toBeUndefined();
  expect(pathProblem(path, true)).toBeUndefined();
});

test.each([
  ['', /empty/],
  ['a', /start/],
  ['a/b', /start/],
  ['.', /start/],
  ['//', /end|empty name/],
  ['//a', /empty name/],
  ['/a//b', /empty name/],
  ['/a//', /end|empty name/],
  ['/./a', /"\."/],
  ['/a/./b', /"\."/],
  ['/../a', /"\.\."/],
  ['/a/../b', /"\.\."/],
  ['/a\0', /U\+0000 \(at 2\)/],
  ['/\u0001', /U\+0001/],
  ['/a\tb', /U\+0009/],
  ['/\u001f', /U\+001F/],
  ['/\u007f', /U\+007F/],
  ['/\u0085', /U\+0085/],
  ['/\u009f', /U\+009F/],
  ['/\ud800', /U\+D800/],
  ['/a\ud800b', /U\+D800/],
  ['/\udfff', /U\+DFFF/],
  ['/\u{1f600}', /U\+D83D/],
  ['/\ue000', /U\+E000/],
  ['/\uf8ff', /U\+F8FF/],
  ['/\ufff0', /U\+FFF0/],
  ['/\ufffd', /U\+FFFD/],
  ['/\uffff', /U\+FFFF/],
  [`${longest}a`, /longer than 16384/],
] as const)('%j is not', (path, reason) => {
  expect(pathProblem(path)).toMatch(reason);
  expect(pathProblem(path, true)).toMatch(reason);
});

test.each(['/a/', '/a/b/', '/a/.', '/a/..', '/.', '/..'])('%j is good in front of a number only', (path) => {
  expect(pathProblem(path)).toBeDefined();
  expect(pathProblem(path, true)).toBeUndefined();
});

describe('any text', () => {
  const unit = fc.oneof(fc.constantFrom('/', '.', '..', 'a', '\0', '\ud800', '\ufffd'), fc.string({ unit: 'binary' }));
  const path = fc.array(unit, { maxLength: 8 }).map((units) => `/${units.join('')}`);

  test('is judged as by the rules one by one', () => {
    const forbidden = /[\0-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]/;
    fc.assert(
      fc.property(path, (text) => {
        const names = text.slice(1).split('/');
        const bad = forbidden.test(text) || names.some((name) => ['', '.', '..'].includes(name));
        expect(pathProblem(text) === undefined).toBe(text === '/' || !bad);
      }),
    );
  });

  test('with a number behind is judged as before it', () => {
    fc.assert(
      fc.property(path, fc.nat(), (text, number) => {
        const problem = pathProblem(`${text}${sequenceSuffix(number)}`);
        expect(pathProblem(text, true) === undefined).toBe(problem === undefined);
      }),
    );
  });
});

test.each([
  ['/a', '/', 'a'],
  ['/a/b', '/a', 'b'],
  ['/a/b/c', '/a/b', 'c'],
])('%s is below %s', (path, parent, name) => {
  expect(parentPath(path)).toBe(parent);
  expect(baseName(path)).toBe(name);
  expect(joinPath(parent, name)).toBe(path);
});

// As Java's String.format("%010d").
test.each([
  [0, '0000000000'],
  [7, '0000000007'],
  [2147483647, '2147483647'],
  [-1, '-000000001'],
  [-2147483648, '-2147483648'],
])('the suffix of sequence %d is %s', (sequence, suffix) => {
  expect(sequenceSuffix(sequence)).toBe(suffix);
});
