// Folder order is import order: a folder imports only folders above it in this list.
const order = [
  'lib',
  'budget',
  'observe',
  'files',
  'sockets',
  'tls',
  'document',
  'wire',
  'call',
  'http2',
  'grpc',
  'transport',
  'workspace',
  'executor',
  'worker',
  'indexer',
  'balancer',
  'shards',
  'discovery',
  'topology',
  'client-core',
  'gateway',
  'browser',
  'client',
  'yaml',
  'plan',
  'config',
  'containers',
  'export',
  'docker-engine',
  'pods',
  'control',
  'platforms',
  'dashboard',
  'flow',
  'testing',
  'cli',
]

/** Folders that run in a browser too. */
const browserSafe = '^src/(lib|document|wire|client-core|browser)/'

/** Files a process pod loads; it must stay small and start fast, because there is one for each replica. */
const podEntry = '^src/pods/process/entry\\.ts$'

/** Documents hold DocumentArrays, which hold Documents. */
const documentPair = '^src/document/document(-array)?\\.ts$'

module.exports = {
  forbidden: [
    ...order.slice(0, -1).map((folder, index) => ({
      name: `${folder}-imports-only-above`,
      severity: 'error',
      from: { path: `^src/${folder}/`, pathNot: '\\.(test|suite)\\.ts$' },
      to: {
        path: `^src/(${order.slice(index + 1).join('|')})/`,
        dependencyTypesNot: folder === 'call' ? ['type-only'] : [],
      },
    })),
    {
      name: 'no-cycles',
      comment: 'Documents hold DocumentArrays, which hold Documents; both files say why that is safe.',
      severity: 'error',
      from: { pathNot: `\\.test\\.ts$|${documentPair}` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-type-cycles',
      comment:
        'What works on Documents or DocumentArrays and is called by their methods names them as types.',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true, viaOnly: { pathNot: documentPair } },
    },
    {
      name: 'browser-safe',
      comment: 'These folders have a browser door: no Node built-ins.',
      severity: 'error',
      from: { path: browserSafe, pathNot: '\\.(test|suite)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'browser-client',
      comment: 'What runs in a page imports only what runs there too; types may come from elsewhere.',
      severity: 'error',
      from: { path: '^src/(client-core|browser)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/(lib|document|wire|call|client-core|browser)/|^src/(errors|grpc/client/peer)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'small-pods',
      comment:
        'A pod must not load gRPC or generated messages: it costs memory and start time in every replica.',
      severity: 'error',
      from: { path: podEntry },
      to: {
        path: '(node_modules/(@grpc|@bufbuild)|^src/(wire/gen|gateway|client|control|flow|cli))',
        reachable: true,
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.src.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node'],
    },
  },
}
