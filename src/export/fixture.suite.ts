import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import { Executor } from '../executor/executor.js'
import { addStage, createPlan, type FlowPlan } from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import type { KubernetesObject } from './kubernetes/object.js'

export class Indexer extends Executor {
  static override module: string = import.meta.url
  static override requests = { '/default': 'index' }
  index(): void {}
}

/** The project that `Indexer` is a part of. */
export const project = fileURLToPath(new URL('../..', import.meta.url))
export const indexerInImage = '/app/src/export/fixture.suite.ts'

export function planOf(flow: FlowOptions, ...stages: readonly StageOptions[]): FlowPlan {
  return stages.reduce(addStage, createPlan(flow))
}

/** A plan that uses every option relevant to exports. */
export const richPlan: FlowPlan = planOf(
  { name: 'shop', env: { MODE: 'yes' }, graceMs: 10_000, timeoutMs: 5000 },
  { name: 'entry' },
  {
    name: 'encoder',
    uses: Indexer,
    usesWith: { model: 'on', price: '$5' },
    replicas: { min: 0, max: 4 },
    gpus: 1,
    envFromSecret: { TOKEN: { name: 'tokens', key: 'hub' } },
    imagePullSecrets: 'registry',
  },
  {
    name: 'indexer_1',
    uses: 'docker://registry.example/indexer:1.2',
    usesWith: { dim: 3 },
    usesBefore: Indexer,
    shards: 2,
    replicas: 2,
    polling: 'KEY',
    key: 'tags.tenant',
    reduce: { limit: 10 },
    retries: 2,
    hedge: { afterMs: 40 },
    timeoutSendMs: 2000,
    workspace: './data',
    volumes: ['/models', './settings:/etc/settings'],
    resources: { requests: { cpu: 1 }, limits: { cpu: '1500m', memory: '1Gi' } },
  },
  { name: 'elsewhere', external: true, host: ['a', 'b'], port: 443, tls: true },
)

/** A graph with branches, a condition, a join of changes, and a stage that no answer waits for. */
export const graphPlan: FlowPlan = planOf(
  {},
  { name: 'text', uses: Indexer },
  { name: 'image', uses: Indexer, needs: 'gateway', when: { tags__image: { $exists: true } } },
  { name: 'join', needs: ['image', 'text'], reduce: 'changes' },
  { name: 'journal', uses: Indexer, floating: true },
  { name: 'rank', uses: Indexer },
)

/** The edges of a Flow in the YAML of a gateway in a container; how its stages are reached is left out. */
export function edgesIn(yaml: string): readonly object[] {
  const { executors } = parse(yaml) as { readonly executors: readonly Record<string, unknown>[] }
  const edges = ['name', 'needs', 'when', 'reduce', 'floating']
  return executors.map((stage) =>
    Object.fromEntries(Object.entries(stage).filter(([key]) => edges.includes(key))),
  )
}

/** Of `graphPlan`. Without `needs` a stage needs the last one that is not floating. */
export const graphEdges: readonly object[] = [
  { name: 'text' },
  { name: 'image', needs: ['gateway'], when: { docs: { tags__image: { $exists: true } } } },
  { name: 'join', needs: ['image', 'text'], reduce: 'changes' },
  { name: 'journal', floating: true },
  { name: 'rank' },
]

const schemas = path.join(project, 'test', 'fixtures', 'schemas')
const read = (name: string): object => JSON.parse(readFileSync(path.join(schemas, name), 'utf8')) as object
const ajv = (): Ajv2020 => new Ajv2020({ strict: false, allErrors: true, validateFormats: false })

export const kubernetesVersions = ['1.29', '1.33', '1.37'] as const

interface KubernetesSchema {
  readonly kinds: Readonly<Record<string, string>>
  readonly $defs: object
}

/** Validation errors of an object for one version of Kubernetes; empty when it is valid. */
export function kubernetesChecker(version: string): (object: KubernetesObject) => readonly string[] {
  const { kinds, $defs } = read(`kubernetes-${version}.json`) as KubernetesSchema
  const compiler = ajv()
  const root = `kubernetes-${version}`
  compiler.addSchema({ $id: root, $defs })
  const compiled = new Map<string, ValidateFunction>()
  return (object) => {
    const kind = `${object.apiVersion}/${object.kind}`
    const definition = kinds[kind]
    if (definition === undefined) return [`${kind} is not among the schemas`]
    const validate = compiled.get(kind) ?? compiler.compile({ $ref: `${root}#/$defs/${definition}` })
    compiled.set(kind, validate)
    return complaints(validate, object, `${kind} ${object.metadata.name}`)
  }
}

export function composeChecker(): (file: unknown) => readonly string[] {
  const validate = ajv().compile(read('compose-spec.json'))
  return (file) => complaints(validate, file, 'compose file')
}

function complaints(validate: ValidateFunction, value: unknown, what: string): readonly string[] {
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    (error) => `${what} ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  )
}

/** Requests, and limits that are not lower. */
const resources = fc.record(
  {
    requests: fc.record(
      { cpu: fc.constantFrom('250m', 0.5), memory: fc.constantFrom('64Mi', '100M') },
      { requiredKeys: [] },
    ),
    limits: fc.record(
      { cpu: fc.constantFrom('500m', 2), memory: fc.constantFrom('1Gi') },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

const identifier = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,14}[a-zA-Z0-9]$/)

const stage: fc.Arbitrary<StageOptions> = fc.record(
  {
    name: identifier,
    uses: fc.constantFrom(Indexer, 'docker://registry.example/a:1', 'docker://b'),
    usesWith: fc.dictionary(identifier, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))),
    shards: fc.integer({ min: 1, max: 3 }),
    shardId: fc.constant(0),
    replicas: fc.oneof(
      fc.integer({ min: 1, max: 4 }),
      fc.constant({ min: 0, max: 3 }),
      fc.constant({ max: 2 }),
    ),
    polling: fc.constantFrom<NonNullable<StageOptions['polling']>>(
      'ANY',
      'ALL',
      'KEY',
      { '/index': 'KEY', '/x': 'ALL' },
      { '*': 'ALL', '/search': 'ANY' },
    ),
    reduce: fc.constantFrom(true, false, { limit: 3 }),
    env: fc.dictionary(identifier, fc.string()),
    envFromSecret: fc.dictionary(
      identifier,
      fc.record({ name: fc.constant('secret'), key: fc.constant('key') }),
    ),
    imagePullSecrets: fc.constantFrom('one', ['one', 'two']),
    gpus: fc.integer({ min: 1, max: 8 }),
    resources,
    volumes: fc.uniqueArray(fc.constantFrom('/data', 'models:/models', './here:/there', '/workspace'), {
      minLength: 1,
    }),
    workspace: fc.constantFrom('/data', '/data/below', 'else'),
    liveness: fc.constantFrom(null, { busyMs: 120_000 }, { timeoutMs: 100 }),
    timeoutReadyMs: fc.constantFrom(-1, 0, 1000, 3_600_000),
    maxConcurrency: fc.integer({ min: 1, max: 9 }),
    allowConcurrent: fc.boolean(),
    retries: fc.integer({ min: -1, max: 5 }),
    hedge: fc.constantFrom({ afterMs: 5 }, { afterPercentile: 95 }),
  },
  { requiredKeys: ['uses'] },
)

const external: fc.Arbitrary<StageOptions> = fc.record({
  external: fc.constant(true),
  host: fc.constantFrom('a', ['a', 'b']),
  port: fc.constant(1),
})

/** Arbitrary plans whose stages have distinct names. */
export const plans: fc.Arbitrary<FlowPlan> = fc
  .record({
    flow: fc.record(
      {
        name: fc.string({ minLength: 1 }),
        graceMs: fc.integer({ min: 0, max: 100_000 }),
        workspace: fc.constant('w'),
      },
      { requiredKeys: [] },
    ),
    stages: fc.uniqueArray(
      fc.oneof({ weight: 5, arbitrary: stage }, external, fc.constant<StageOptions>({})),
      {
        minLength: 1,
        maxLength: 5,
        selector: ({ name }) => name?.replaceAll('_', '-').toLowerCase() ?? {},
      },
    ),
  })
  .filter(({ stages }) =>
    stages.every(({ name }) => !/^(gateway|executor\d*)$|[-_]\d*$|__/i.test(name ?? 'x')),
  )
  .map(({ flow, stages }) => planOf(flow, ...stages))
