/**
 * Layers: which package may import which, no cycles, and no way from pure code to Node. For dependency-cruiser, which
 * wants a CommonJS file. An import of another package ends in its dist folder, so rules name packages, not sources.
 */
'use strict';

/** Each package and all it may import. */
const layers = {
  protocol: [],
  tree: ['protocol'],
  zab: ['protocol'],
  storage: ['protocol', 'zab'],
  zookeeper: ['protocol'],
  server: ['protocol', 'tree', 'zab', 'storage', 'zookeeper'],
  client: ['protocol'],
  cli: ['protocol', 'client', 'server', 'zookeeper'],
  examples: ['client'],
  simulator: ['protocol', 'tree', 'zab', 'storage', 'server', 'client'],
};

const names = Object.keys(layers);
const pure = '^packages/((protocol|tree|zab|zookeeper)/src|server/src/replica|client/src/session)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...names.map((name) => ({
      name: `layer-${name}`,
      comment: `${name} may import ${layers[name].join(', ') || 'no other package'}.`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: '^packages/', pathNot: [name, ...layers[name]].map((allowed) => `^packages/${allowed}/`) },
    })),
    {
      name: 'known-package',
      comment: 'Every package has a place in the table of layers (scripts/dependencies.cjs).',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${names.join('|')})/` },
      to: {},
    },
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure',
      comment: 'Pure code does not reach Node, a socket or a disk, not even through another file.',
      severity: 'error',
      from: { path: pure },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-transitively',
      comment: 'Pure code does not import a file of its own package that is not pure.',
      severity: 'error',
      from: { path: '^packages/server/src/replica/' },
      to: { path: '^packages/server/src/', pathNot: '^packages/server/src/replica/' },
    },
    {
      name: 'session-is-pure',
      comment: 'The session machine of the client imports nothing else of the client.',
      severity: 'error',
      from: { path: '^packages/client/src/session/' },
      to: { path: '^packages/client/src/', pathNot: '^packages/client/src/session/' },
    },
    {
      name: 'replica-knows-no-disk',
      comment: 'The replica says what is to be written; the host writes it.',
      severity: 'error',
      from: { path: '^packages/server/src/replica/' },
      to: { path: '^packages/storage/' },
    },
    {
      name: 'storage-behind-its-ports',
      comment: 'Files, threads and the driver are behind ports, so that storage also runs on a simulated disk.',
      severity: 'error',
      from: {
        path: '^packages/storage/src/',
        pathNot: '/(node-disk|sqlite|worker-link|worker-answers|log-worker|state-worker|open-storage|index)[.]ts$',
      },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'declared',
      comment: 'A package imports what its own package.json names, and nothing that only the tools bring.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolved',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
      mainFields: ['module', 'main'],
    },
  },
};
