import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { loadFlow } from '../config/load-flow.js'
import { gatewaySpec } from '../flow/gateway-spec.js'
import type { GatewaySpec } from '../gateway/spec.js'
import type { FlowOptions, FlowSettings } from '../plan/flow-settings.js'
import { flowOptions } from '../plan/flow-settings.js'
import { Authority, folderWith } from '../tls/certificates.suite.js'
import { Indexer, planOf, project } from './fixture.suite.js'
import { renderExport } from './index.js'

// Every option that the gateway of a Flow is told must reach the gateways of exports. The options are those of the table, so
// one that is added there fails here until it has a value, and is exported.

const { cert, key } = new Authority().server({ name: 'flow.test' })
const files = folderWith({ 'cert.pem': cert, 'key.pem': key })
afterAll(() => files.close())

const mb = 1024 * 1024

/** For each option of the gateway a value of which no member is the default; null: gateways are not told. */
const values: { readonly [K in keyof FlowSettings]-?: Required<FlowOptions>[K] | null } = {
  protocol: ['http', 'grpc'],
  grpc: { compression: { minBytes: 77, always: true } },
  http: {
    errorStatus: true,
    cors: ['https://example.org'],
    crudEndpoints: false,
    debugEndpoints: false,
    compression: { minBytes: 88 },
    expose: { '/foo': { path: '/v1/foo', methods: ['PUT'] } },
    openapi: false,
    docs: false,
    title: 'Shop',
    description: 'A shop',
    routes: path.join(project, 'src/export/fixture.suite.ts'),
  },
  auth: { bearer: { env: 'TOKENS' }, open: ['health', 'reflection'] },
  tls: {
    cert: files.path('cert.pem'),
    key: files.path('key.pem'),
    ca: files.path('cert.pem'),
    clientCertificate: 'request',
  },
  rateLimit: { perSecond: 3, burst: 7, by: { header: 'x-tenant' } },
  trustProxy: ['10.0.0.0/8', '::1'],
  headers: ['x-tenant'],
  prefetch: 9,
  queue: { maxRequests: 11, maxBytes: 5 * mb },
  limits: {
    maxBytes: 900 * mb,
    maxConnections: 12,
    maxCalls: 13,
    stallMs: 1400,
    handshakeMs: 1500,
    handshakesPerSecond: 16,
    idleMs: 17_000,
  },
  maxMessageBytes: 18 * mb,
  requestLimits: { parameterBytes: 19, parameterValues: 20, parameterDepth: 21, documents: 22 },
  timeoutMs: 2300,
  timeoutSendMs: 2400,
  accessLog: { sample: 0.25, headers: ['x-tenant'] },
  metrics: { port: 2600, host: '127.0.0.9', auth: true },
  // its endpoint is instead of host and port, and its headers do not go into files
  tracing: { host: 'otel', port: 4319, samplingRatio: 0.5 },
  unknownEndpoint: 'error',
  name: 'shop',
  // where gateways listen is decided by the export
  host: null,
  port: null,
  // of the program, or of pods
  publicHost: null,
  workspace: null,
  env: null,
  python: null,
  timeoutReadyMs: null,
  graceMs: null,
  control: null,
  dashboard: null,
  inspect: null,
  quiet: null,
}

const options = Object.keys(flowOptions) as readonly (keyof FlowSettings)[]
const ofGateways = options.filter((option) => values[option] !== null)

/** What a gateway is told, without where it and its stages listen. */
function told({ listeners, stages, ...more }: GatewaySpec): object {
  return {
    ...more,
    protocols: listeners.flatMap(({ protocols }) => protocols).toSorted(),
    stages: stages.map(({ timeoutSendMs, forwardHeaders }) => ({ timeoutSendMs, forwardHeaders })),
  }
}

const toldHere = (flow: FlowOptions): object =>
  told(gatewaySpec(planOf(flow, { name: 'encoder', uses: Indexer })))

/** What the gateway of an export is told by its file. */
async function toldThere(target: 'docker-compose' | 'kubernetes', flow: FlowOptions): Promise<object> {
  const written = await renderExport(target, planOf(flow, { name: 'encoder', uses: Indexer }), {
    image: 'shop:1',
    project,
  })
  const plan = await loadFlow(onThisMachine(fileIn(written)), {
    onWarning: (warning) => expect.unreachable(warning),
  })
  return told(gatewaySpec(plan))
}

/** The file of the gateway: beside a Compose file, or in a ConfigMap. */
function fileIn(written: readonly { readonly path: string; readonly text: string }[]): string {
  const own = written.find(({ path: at }) => at.endsWith('millrace/gateway.yml'))
  if (own !== undefined) return own.text
  const objects = written.flatMap(({ text }) => parseAllDocuments(text).map((one) => one.toJS() as ConfigMap))
  return objects.find(({ metadata }) => metadata?.name === 'gateway-files')!.data!['flow.yml']!
}

/** Files of the container as they are here, where they can be read. */
function onThisMachine(text: string): string {
  const here = { 'tls.crt': 'cert.pem', 'tls.key': 'key.pem', 'ca.crt': 'cert.pem' }
  return Object.entries(here)
    .reduce((all, [name, file]) => all.replaceAll(`/etc/millrace-tls/${name}`, files.path(file)), text)
    .replaceAll('/app/', project)
}

interface ConfigMap {
  readonly metadata?: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
}

/** What is different in a container, by option. */
const translated: Partial<Record<keyof FlowSettings, object>> = {
  metrics: { metrics: { port: 2600, host: '::', auth: true } },
}

/** Some options need others. */
const withOthers = (option: keyof FlowSettings): FlowOptions => ({
  ...(option === 'http' && { protocol: ['grpc', 'http'] }),
  ...(option === 'metrics' && { auth: values.auth as FlowOptions['auth'] & object }),
  [option]: values[option],
})

describe('values of options', () => {
  it.each(ofGateways)('%s: every member differs from its default', (option) => {
    const preset = planOf({}).settings[option]
    const { [option]: set } = planOf(withOthers(option)).settings
    for (const [at, value] of leaves(preset)) expect(leafAt(set, at), at.join('.')).not.toEqual(value)
  })

  it.each(options)('%s is null exactly if gateways are not told', (option) => {
    if (values[option] !== null) return expect(toldHere(withOthers(option))).not.toEqual(toldHere({}))
    expect([
      'host',
      'port',
      'publicHost',
      'workspace',
      'env',
      'python',
      'timeoutReadyMs',
      'graceMs',
      'control',
      'dashboard',
      'inspect',
      'quiet',
    ]).toContain(option)
  })
})

describe.each(['docker-compose', 'kubernetes'] as const)('the gateway of an export to %s', (target) => {
  it.each(ofGateways)('is told of %s what the gateway of the program is told', async (option) => {
    const flow = withOthers(option)
    expect(await toldThere(target, flow)).toEqual({ ...toldHere(flow), ...translated[option] })
  })
})

/** The values of a group of options by their paths; of any other value itself. */
function leaves(value: unknown): readonly (readonly [readonly string[], unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[[], value]]
  const entries = Object.entries(value)
  if (entries.length === 0) return [[[], value]]
  return entries.flatMap(([name, member]) =>
    leaves(member).map(([at, leaf]) => [[name, ...at], leaf] as const),
  )
}

function leafAt(value: unknown, at: readonly string[]): unknown {
  return at.reduce<unknown>((within, name) => (within as Record<string, unknown> | null)?.[name], value)
}
