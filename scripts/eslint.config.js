/**
 * Lint: typescript-eslint's strict rules with types, the limits on size, and what pure code may not touch. Layers between
 * packages are in dependencies.cjs, format is prettier's, house rules that are no syntax are in tests/tidy.test.ts.
 */
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { root } from './lib/project.js';

/** Code that is the same on every machine at any time: what happens arrives as an argument, and leaves as a result. */
const pure = [
  'packages/{protocol,tree,zab,zookeeper}/src/**/*.ts',
  'packages/server/src/replica/**/*.ts',
  'packages/client/src/session/**/*.ts',
];

const effects = {
  time: ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  turns: ['Promise', 'queueMicrotask', 'EventTarget', 'AbortController'],
  world: ['process', 'Buffer', 'console', 'fetch', 'WebSocket', 'crypto', 'globalThis'],
};

const messages = {
  time: 'Pure code has no clock: the time is an argument.',
  turns: 'Pure code finishes before it returns: what comes later arrives as an event.',
  world: 'Pure code knows neither Node nor a browser.',
};

const impureGlobals = /** @type {const} */ (['time', 'turns', 'world']).flatMap((kind) =>
  effects[kind].map((name) => ({ name, message: messages[kind] })),
);

/** Syntax that is not used anywhere. */
const unused = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only: a thing has one name everywhere.' },
  { selector: 'ExportAllDeclaration', message: 'List what is exported: an index is read as a table of contents.' },
];

const asynchronous = [
  { selector: ':function[async=true]', message: messages.turns },
  { selector: 'AwaitExpression', message: messages.turns },
];

const sizes = defineConfig({
  rules: {
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: false, skipComments: false }],
  },
});

const everywhere = defineConfig({
  languageOptions: {
    parserOptions: { project: ['packages/*/tsconfig.json', 'tests/tsconfig.json'], tsconfigRootDir: root },
  },
  linterOptions: { reportUnusedDisableDirectives: 'error' },
  rules: {
    eqeqeq: 'error',
    'prefer-const': 'error',
    'no-var': 'error',
    'object-shorthand': 'error',
    'no-restricted-syntax': ['error', ...unused],
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    '@typescript-eslint/no-confusing-void-expression': [
      'error',
      { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
    ],
    '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
    // `list[i]!` says "in range", which the compiler cannot know (noUncheckedIndexedAccess).
    '@typescript-eslint/no-non-null-assertion': 'off',
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  },
});

/** The simulator runs code that promises: it may too. Everything else would make two runs of a seed differ. */
const simulated = defineConfig({
  files: ['packages/simulator/src/**/*.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      ...[...effects.time, 'queueMicrotask', 'process', 'crypto'].map((name) => ({
        name,
        message: 'In the simulator time is virtual and chance comes from the seed.',
      })),
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: 'Chance comes from the seed.' },
    ],
  },
});

const purity = defineConfig(
  {
    files: pure,
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Chance is an argument.' }],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(node:|ws$|better-sqlite3$)', message: messages.world }] },
      ],
      'no-restricted-syntax': ['error', ...unused, ...asynchronous],
    },
  },
  // The places that use Node's Buffer where there is one: it converts ten times faster than a loop.
  { files: ['packages/protocol/src/{bytes,utf8}.ts'], rules: { 'no-restricted-globals': 'off' } },
);

const tests = defineConfig({
  files: ['tests/**/*.ts'],
  rules: {
    'max-lines-per-function': 'off',
    '@typescript-eslint/require-await': 'off',
    // Stand-ins for sockets and links are what tests are made of.
    '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    '@typescript-eslint/no-misused-spread': 'off',
  },
});

const scripts = defineConfig(
  // The linter does not see a type that a JSDoc cast gives to what JSON.parse returns; the compiler does.
  {
    files: ['scripts/**/*.js'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/no-unsafe-return': 'off' },
  },
  { files: ['scripts/*.config.js'], rules: { 'no-restricted-syntax': 'off' } },
);

export default defineConfig(
  globalIgnores(['**/dist/', 'tests/build/', 'data/', '**/*.cjs']),
  tseslint.configs.strictTypeChecked,
  sizes,
  everywhere,
  purity,
  simulated,
  tests,
  scripts,
);
