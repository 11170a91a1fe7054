import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MillraceError } from '../errors.js'
import { Executor } from '../executor/executor.js'
import { offerClass } from '../executor/load.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { Authority, folderWith } from '../tls/certificates.suite.js'
import { loadFlow, type LoadOptions } from './load-flow.js'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-yaml-'))
const pathOf = (name: string): string => path.join(folder, name)
const url = (name: string): string => pathToFileURL(pathOf(name)).href

const files = {
  'encoder.js': 'export class Encoder {}',
  'indexer.mjs': 'export class Indexer {}',
  'tools.js': 'export const tool = 1',
  'alone/executor.js': 'export class Alone {}',
  'alone/config.yml': 'jtype: Alone\n',
  'python.yml': 'jtype: Encoder\npy_modules: [executor.py]\n',
  'encoder.py': 'class Encoder: pass',
  'tools.py': 'tool = 1',
  'encoder.yml': `
jtype: Encoder
version: '1'
with:
  model: small
  size: 4
metas:
  name: coder
  description: ''
  py_modules:
    - tools.js
    - encoder.js
requests:
  /encode: encode
dynamic_batching:
  /encode: { preferred_batch_size: 16, timeout: 10 }
`,
  'deployment.yml': `
jtype: Deployment
version: '1'
with:
  name: filed
  uses: Encoder
  py_modules: encoder.js
  replicas: 2
`,
}

beforeAll(() => {
  mkdirSync(pathOf('alone'))
  for (const [name, text] of Object.entries(files)) writeFileSync(pathOf(name), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Loaded {
  readonly plan: FlowPlan
  readonly warnings: readonly string[]
}

async function load(text: string, options: LoadOptions = {}): Promise<Loaded> {
  writeFileSync(pathOf('flow.yml'), text)
  const warnings: string[] = []
  const plan = await loadFlow(pathOf('flow.yml'), {
    ...options,
    onWarning: (message) => void warnings.push(message),
  })
  return { plan, warnings }
}

/** The stage of a Flow whose list has only this entry. */
async function stage(entry: string, options: LoadOptions = {}) {
  const indented = entry.trim().split('\n').join('\n    ')
  const { plan, warnings } = await load(`jtype: Flow\nexecutors:\n  - ${indented}\n`, options)
  expect(plan.stages).toHaveLength(1)
  return { ...plan.stages[0]!, warnings }
}

async function failure(text: string, options: LoadOptions = {}): Promise<MillraceError> {
  return load(text, options).then(
    () => expect.unreachable(),
    (error: MillraceError) => error,
  )
}

const failing = (entry: string) =>
  failure(`jtype: Flow\nexecutors:\n  - ${entry.trim().split('\n').join('\n    ')}\n`)

it('WEBSOCKET is a protocol, with or without the name of Jina’s gateway', async () => {
  const { plan, warnings } = await load(
    'jtype: Flow\nwith: {port: [1, 2], protocol: [GRPC, WEBSOCKET]}\ngateway: {uses: WebSocketGateway}\nexecutors: []',
  )
  expect(plan.settings.protocol).toEqual(['grpc', 'websocket'])
  expect(warnings).toEqual([])
})

describe("Jina's options of HTTP", () => {
  it.each([
    [`expose_endpoints: '{"/foo": {"methods": ["PUT"], "http_path": "/v1/foo", "summary": "x"}}'`],
    ['expose_endpoints: {/foo: {methods: [PUT], path: /v1/foo}}'],
    ['http: {expose: {/foo: {methods: [PUT], path: /v1/foo}}}'],
  ])('expose endpoints: %s', async (line) => {
    const { plan, warnings } = await load(`jtype: Flow\nwith:\n  ${line}\n`)
    expect(plan.settings.http.expose).toEqual({ '/foo': { methods: ['PUT'], path: '/v1/foo' } })
    expect(warnings).toEqual([])
  })

  it('are members of http, and change nothing else of it, wherever they are written', async () => {
    const { plan, warnings } = await load(
      'jtype: Flow\nwith:\n  no_crud_endpoints: true\n  http: {error_status: true}\n  no_debug_endpoints: no\n  title: ""\ngateway: {cors: true}\n',
    )
    expect(plan.settings.http).toMatchObject({
      errorStatus: true,
      cors: true,
      crudEndpoints: false,
      debugEndpoints: true,
      expose: {},
      openapi: true,
      docs: true,
      title: null,
      description: null,
    })
    expect(warnings).toEqual([])
  })

  it.each([
    ['no_crud_endpoints: 3', /:3:22: Flow: no_crud_endpoints must be true or false, not 3/],
    ['cors: https://a/b', /:3:9: Flow: cors must be .*origins/],
    ['expose_endpoints: {/foo: {methods: [BREW]}}', /:3:21: Flow: expose_endpoints must be /],
  ])('are checked: %s', async (line, message) => {
    expect(await failure(`jtype: Flow\nwith:\n  ${line}\n`)).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('TLS', () => {
  const issued = new Authority().server({ name: 'a.test' })
  const files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
  afterAll(() => files.close())
  const [cert, key] = [files.path('cert.pem'), files.path('key.pem')]

  it.each([
    [`tls: { cert: ${cert}, key: ${key}, ca: ${cert}, client_certificate: require }`, cert, 'require'],
    [`tls: { cert: ${cert}, key: ${key} }`, null, null],
    [`ssl_certfile: ${cert}\n  ssl_keyfile: ${key}`, null, null],
  ])('is read from %s', async (lines, ca, clientCertificate) => {
    for (const section of ['with', 'gateway']) {
      const { plan, warnings } = await load(`jtype: Flow\n${section}:\n  ${lines}\n`)
      expect(plan.settings.tls).toEqual({ cert, key, ca, clientCertificate })
      expect(warnings).toEqual([])
    }
  })

  it('of an external stage is read with its files and name', async () => {
    const stage = `external: true, host: a, port: 1, tls: { ca: ${cert}, server_name: a.test }`
    const { plan } = await load(`jtype: Flow\nexecutors:\n  - { ${stage} }\n`)
    expect(plan.stages[0]!.external).toMatchObject([{ tls: { ca: cert, serverName: 'a.test' } }])
  })
})

describe('needs', () => {
  const flow = (...stages: readonly string[]): string =>
    `jtype: Flow\nexecutors:\n${stages.map((one) => `  - { ${one} }\n`).join('')}`

  it('determine the order of the stages, in whatever order they are written', async () => {
    const { plan } = await load(
      flow('name: c, needs: b', 'name: b, needs: a', 'name: a, needs: gateway', 'needs: c', 'name: last'),
    )
    expect(plan.stages.map(({ name, needs }) => [name, ...needs])).toEqual([
      ['a', 'gateway'],
      ['b', 'a'],
      ['c', 'b'],
      ['executor3', 'c'],
      ['last', 'executor3'],
    ])
  })

  const needsIn = async (...stages: readonly string[]): Promise<unknown> => {
    const { plan } = await load(flow(...stages))
    return Object.fromEntries(plan.stages.map(({ name, needs }) => [name, needs.join()]))
  }

  it('branch and join', async () => {
    expect(
      await needsIn(
        'name: end, needs: [b, a]',
        'name: a, needs: gateway',
        'name: log, floating: true',
        'name: b, needs: gateway',
        'name: after, needs: end',
      ),
    ).toEqual({ b: 'gateway', a: 'gateway', end: 'b,a', log: 'a', after: 'end' })
  })

  it('are all open ends with method: needs_all, and several with method: needs', async () => {
    expect(
      await needsIn(
        'name: a',
        'name: b, needs: gateway',
        'method: needs, needs: [a, b]',
        'name: c, needs: b',
        'method: needs_all, name: all',
      ),
    ).toEqual({ a: 'gateway', b: 'gateway', joiner: 'a,b', c: 'b', all: 'joiner,c' })
  })

  it('are those of Jina with method: inspect and method: gather_inspect', async () => {
    expect(
      await needsIn(
        'name: a',
        'method: inspect',
        'name: b',
        'method: inspect, name: second',
        'method: gather_inspect',
        'method: gather_inspect, name: nothing_left',
        'name: c',
      ),
    ).toEqual({
      a: 'gateway',
      inspect: 'a',
      b: 'a',
      second: 'b',
      gather_inspect: 'b,inspect,second',
      c: 'gather_inspect',
    })
  })

  it.each([
    [['method: needs, needs: a', 'name: a'], 'BAD_YAML', /:3:15: method: needs joins stages/],
    [['name: a', 'method: needs_all, needs: a'], 'BAD_YAML', /:4:33: .*Leave needs out/],
    [['method: needs_all'], 'INVALID_OPTION', /:3:5: needs_all joins .* there is none/],
    [['name: a', 'name: b, needs: [a, a]'], 'INVALID_OPTION', /:4:5: .*names 'a' twice/],
    [['name: a, needs: b', 'name: b'], 'INVALID_OPTION', /:3:5: .*'a' needs 'b' needs 'a'/],
    [['name: encoder', 'name: b, needs: encodr'], 'INVALID_OPTION', /:4:5: .*Did you mean 'encoder'\?/],
  ])('that cannot be are refused: %j', async (stages, code, message) => {
    expect(await failure(flow(...stages))).toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('a Flow', () => {
  it('has its options in with, under Jina’s names or Millrace’s', async () => {
    const { plan, warnings } = await load(`
jtype: Flow
version: '1'
with:
  name: shop
  port: '8080'
  protocol: GRPC
  host: 127.0.0.1
  timeout_send: 2000
  timeout_ready: -1
  prefetch: 10
  graceMs: 5
  queue: { max_requests: 7 }
  access_log: true
  env: { THREADS: 4, MODE: fast }
  retries: 2
executors:
  - name: one
  - name: two
    retries: 0
`)
    expect(plan.settings).toMatchObject({
      name: 'shop',
      port: [8080],
      protocol: ['grpc'],
      host: '127.0.0.1',
      timeoutSendMs: 2000,
      accessLog: { sample: 1, headers: [] },
      timeoutReadyMs: -1,
      prefetch: 10,
      graceMs: 5,
      queue: { maxRequests: 7 },
      env: { THREADS: '4', MODE: 'fast' },
    })
    expect(plan.stages.map(({ name, retries }) => [name, retries])).toEqual([
      ['one', 2],
      ['two', 0],
    ])
    expect(warnings).toEqual([])
  })

  it('can have its address in the section of the gateway, which wins', async () => {
    const text =
      'jtype: Flow\nwith: {port: 1, protocol: grpc}\ngateway: {ports: [2], protocols: [GRPC], uses: GRPCGateway}\nexecutors: []'
    const { plan } = await load(text)
    expect(plan.settings).toMatchObject({ port: [2], protocol: ['grpc'] })
  })

  it('does not pass env and name of its gateway to its pods', async () => {
    const { plan, warnings } = await load(
      'jtype: Flow\nwith: {name: a}\ngateway: {name: b, env: {A: x}}\nexecutors: []',
    )
    expect(plan.settings).toMatchObject({ name: 'a', env: {} })
    expect(warnings).toHaveLength(2)
  })

  it('lets options of the caller override those of the text', async () => {
    const { plan } = await load('jtype: Flow\nwith: {port: 1, name: a}\nexecutors: [{name: x}]', {
      usesWith: { port: 3, timeout_send: 9 },
    })
    expect(plan.settings).toMatchObject({ port: [3], name: 'a', timeoutSendMs: 9 })
  })

  it('may have its stages in deployments, and Deployments as files and inline', async () => {
    const { plan } = await load(`
jtype: Flow
deployments:
  - deployment.yml
  - jtype: Deployment
    version: 1
    with: { name: inline, shards: 2, polling: all }
`)
    expect(plan.stages).toMatchObject([
      { name: 'filed', replicas: 2, source: { url: url('encoder.js'), className: 'Encoder' } },
      { name: 'inline', shards: 2, polling: { '*': 'ALL' } },
    ])
  })

  it('may be given as a tag, or as the text itself', async () => {
    const plan = await loadFlow('!Flow\nwith: {name: tagged}\nexecutors:\n  - name: a\n', {})
    expect(plan.settings.name).toBe('tagged')
    expect(plan.stages.map(({ name }) => name)).toEqual(['a'])
  })

  it('can be a Deployment, which becomes its only stage', async () => {
    const { plan } = await load(
      'jtype: Deployment\nwith: {name: only, port: 99, replicas: 3, uses: encoder.yml}',
    )
    expect(plan.settings.port).toEqual([99])
    expect(plan.stages).toMatchObject([{ name: 'only', replicas: 3, usesWith: { model: 'small' } }])
  })

  it.each([
    ['metrics: true', { port: 0, host: '127.0.0.1', auth: false }, []],
    ['metrics: { port: 9090 }', { port: 9090, host: '127.0.0.1', auth: false }, []],
    ['monitoring: true', { port: 0, host: '127.0.0.1', auth: false }, []],
    ['port_monitoring: 9091, monitoring: true', { port: 9091, host: '127.0.0.1', auth: false }, []],
    ['monitoring: false, port_monitoring: 9091', null, [/'port_monitoring' has no effect without 'metrics'/]],
    ['port_monitoring: 9091', null, [/'port_monitoring' has no effect without 'metrics'/]],
  ])('reads the port for metrics in ours and Jina’s words: %s', async (text, expected, said) => {
    const { plan, warnings } = await load(`jtype: Flow\nwith: { ${text} }\nexecutors: [{ name: a }]`)
    expect(plan.settings.metrics).toEqual(expected)
    expect(warnings).toEqual(said.map((pattern) => expect.stringMatching(pattern)))
  })

  it.each([
    ['tracing: true', { host: null, port: 4318 }, []],
    [
      'tracing: true, traces_exporter_host: otel, traces_exporter_port: 4319',
      { host: 'otel', port: 4319 },
      [],
    ],
    ['traces_exporter_host: otel', null, [/'traces_exporter_host' has no effect without 'tracing'/]],
  ])('reads the collector of traces in Jina’s words: %s', async (text, expected, said) => {
    const { plan, warnings } = await load(`jtype: Flow\nwith: { ${text} }\nexecutors: [{ name: a }]`)
    if (expected === null) expect(plan.settings.tracing).toBeNull()
    else expect(plan.settings.tracing).toMatchObject(expected)
    expect(warnings).toEqual(said.map((pattern) => expect.stringMatching(pattern)))
  })

  it.each([
    ['log_config: json', { level: null, format: 'json' }],
    ['log_config: quiet', { level: 'silent', format: null }],
    ['log_config: DEFAULT', { level: null, format: null }],
    ['log_config: quiet, log: { level: WARN, redact: [card] }', { level: 'warn', redact: ['card'] }],
  ])('reads Jina’s names of log configurations: %s', async (text, expected) => {
    const { plan, warnings } = await load(`jtype: Flow\nwith: { ${text} }\nexecutors: [{ name: a }]`)
    expect(plan.settings.log).toMatchObject(expected)
    expect(warnings).toEqual([])
  })

  it('warns once, with the position, of keys without effect, and suggests the nearest key for unknown ones', async () => {
    const { plan, warnings } = await load(`
jtype: Flow
with: { reload: true, tracing: false, log_config: my.yml }
executers: []
executors:
  - { name: a, replica: 2, reload: true }
  - { name: b, reload: yes }
`)
    expect(plan.stages).toHaveLength(2)
    const at = (spot: string): string => expect.stringContaining(`flow.yml:${spot}`) as string
    expect(warnings).toEqual([at('4:'), at('3:'), at('3:'), at('6:')])
    expect(warnings[0]).toContain("Did you mean 'executors'?")
    expect(warnings[1]).toContain("'reload' has no effect here")
    expect(warnings[3]).toContain(
      "stage 'a': there is no 'replica', and it has no effect. Did you mean 'replicas'?",
    )
  })

  it.each([
    ['jtype: Flow\nversion: 2\nexecutors: []', 'BAD_YAML', /flow\.yml:2:10: version must be '1', not 2/],
    ['version: 1\nexecutors: []', 'BAD_YAML', /needs `jtype: Flow`/],
    ['jtype: Encoder\n', 'BAD_YAML', /flow\.yml:1:8: .*Executor's YAML goes into `uses`/],
    ['- a\n- b\n', 'BAD_YAML', /must be a mapping, not \["a","b"\]/],
    ['', 'BAD_YAML', /it is empty/],
    ['# only words\n', 'BAD_YAML', /it is empty/],
    ['jtype: Flow\nexecutors: {a: 1}', 'BAD_YAML', /flow\.yml:2:12: executors must be a list/],
    ['jtype: Flow\nexecutors:\n  - 5', 'BAD_YAML', /flow\.yml:3:5: a stage must be a mapping/],
    [
      'jtype: Flow\nexecutors:\n  - missing.yml',
      'MODULE_NOT_FOUND',
      /flow\.yml:3:5: there is no file "missing\.yml"/,
    ],
    [
      'jtype: Flow\nwith: {port: many}',
      'INVALID_OPTION',
      /flow\.yml:2:14: Flow: port must be a whole number.*"many"/,
    ],
    [
      'jtype: Flow\nwith: {protocol: htp}',
      'INVALID_OPTION',
      /protocol must be one of 'grpc'.*"htp".*Did you mean 'http'/,
    ],
    [
      'jtype: Flow\nwith: {ssl_keyfile: a.pem}',
      'INVALID_OPTION',
      /flow\.yml:2:\d+: Flow: tls: it needs cert and key, and has no cert/,
    ],
    ['jtype: Flow\ngateway: {uses: MyGateway}', 'UNSUPPORTED', /is a custom gateway/],
  ])('refuses %j', async (text, code, message) => {
    const error = await failure(text)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })
})

describe('uses', () => {
  class Offered extends Executor {}
  beforeAll(() => offerClass(Offered))

  it('can be a YAML file beside the file, whose options the stage overrides key by key', async () => {
    const { usesWith, usesMetas, usesRequests, dynamicBatching, source } = await stage(`
name: a
uses: encoder.yml
uses_with: {size: 8}
uses_metas: {name: other}
uses_requests: {/more: more}
uses_dynamic_batching: {/encode: {timeout: 20}, more: {preferred_batch_size: 8}}
`)
    expect(dynamicBatching).toEqual({ '/encode': { size: 16, timeoutMs: 20 }, more: { size: 8 } })
    expect(usesWith).toEqual({ model: 'small', size: 8 })
    expect(usesMetas).toEqual({ name: 'other' })
    expect(usesRequests).toEqual({ '/encode': 'encode', '/more': 'more' })
    expect(source).toMatchObject({
      url: url('encoder.js'),
      otherUrls: [url('tools.js')],
      className: 'Encoder',
    })
  })

  it.each([
    ['a mapping', 'uses: {jtype: Encoder, with: {a: 1}, metas: {py_modules: encoder.js}}'],
    ['a mapping with a tag', 'uses: !Encoder {with: {a: 1}, py_modules: [encoder.js]}'],
    ['JSON', `uses: '{"jtype": "Encoder", "with": {"a": 1}, "py_modules": "encoder.js"}'`],
    ['a text', 'uses: |\n  jtype: Encoder\n  with: {a: 1}\n  py_modules: encoder.js'],
    ['a class and its options', `uses: '!Encoder | {a: 1}'\npy_modules: encoder.js`],
    ['a class of the modules of the stage', 'uses: Encoder\npy_modules: [encoder.js]\nuses_with: {a: 1}'],
    ['a tag', 'uses: !Encoder\npy_modules: [encoder.js]\nuses_with: {a: 1}'],
    ['a module and its class', 'uses: ./encoder.js#Encoder\nuses_with: {a: 1}'],
    [
      'modules in the metas of the stage',
      'uses: Encoder\nuses_metas: {py_modules: encoder.js}\nuses_with: {a: 1}',
    ],
  ])('is %s', async (_, entry) => {
    const { source, usesWith, warnings } = await stage(`name: a\n${entry}`)
    expect(source).toMatchObject({ kind: 'module', url: url('encoder.js'), className: 'Encoder' })
    expect(usesWith).toEqual({ a: 1 })
    expect(warnings).toEqual([])
  })

  it('can be a class of executor.js beside its YAML', async () => {
    const { source } = await stage('uses: alone/config.yml')
    expect(source).toMatchObject({ url: url('alone/executor.js'), className: 'Alone' })
  })

  it('can be a class that the program has offered', async () => {
    const { source } = await stage('uses: Offered\nruntime: inline')
    expect(source).toMatchObject({ kind: 'class', executorClass: Offered })
  })

  it.each(['BaseExecutor', 'Executor', '{jtype: BaseExecutor}', '', '~'])(
    'passes documents through when it is %j',
    async (uses) => {
      expect(await stage(`name: a\nuses: ${uses}`)).toMatchObject({ source: { kind: 'pass-through' } })
    },
  )

  it('is read in uses_before and uses_after too', async () => {
    const text =
      'jtype: Flow\nexecutors: [{name: a, uses: indexer.mjs, shards: 2, uses_before: encoder.yml, uses_after: encoder.yml}]'
    const { plan } = await load(text)
    expect(plan.stages.map(({ name }) => name)).toEqual(['a_before', 'a', 'a_after'])
    expect(plan.stages[0]).toMatchObject({ usesWith: { model: 'small' }, source: { className: 'Encoder' } })
  })

  it('is searched in the extra folders last', async () => {
    const text = 'jtype: Flow\nexecutors: [{uses: config.yml}]'
    expect(await failure(text)).toMatchObject({ code: 'MODULE_NOT_FOUND' })
    const { plan } = await load(text, { extraSearchPaths: [pathOf('alone')] })
    expect(plan.stages).toMatchObject([{ source: { className: 'Alone' } }])
  })

  it.each([
    ['uses: jinaai+docker://jina/encoder:latest', 'UNSUPPORTED', /image of a hub/],
    ['uses: python.yml', 'MODULE_NOT_FOUND', /python\.yml:2:13: there is no module "executor\.py"/],
    ['uses: encoder.py', 'INVALID_EXECUTOR', /the class after a #/],
    ['uses: python:encoder', 'INVALID_EXECUTOR', /'python:encoder\.Encoder'/],
    ['python: python3', 'INVALID_OPTION', /its Executor is not one in Python/],
    ['docarray: v1', 'INVALID_OPTION', /flow\.yml:3:\d+.*docarray says which documents/],
    ['uses: Unknown', 'INVALID_EXECUTOR', /no class 'Unknown' is known/],
    ['uses: missing.yml', 'MODULE_NOT_FOUND', /flow\.yml:3:\d+: There is no file "missing\.yml"/],
    ['uses: missing.js', 'MODULE_NOT_FOUND', /there is no module "missing\.js"/],
    ['uses: [a]', 'BAD_YAML', /uses must be a string or a mapping/],
    ['uses: {with: {}}', 'BAD_YAML', /needs `jtype: ClassName`/],
    ['uses: {jtype: Encoder, with: 5}', 'BAD_YAML', /with must be a mapping, not 5/],
    [
      'uses: {jtype: Encoder, dynamic_batching: {/x: {sise: 5}}}',
      'UNKNOWN_OPTION',
      /flow\.yml:3:\d+: dynamic_batching\['\/x'\]: there is no option 'sise'; did you mean 'size'/,
    ],
  ])('refuses %j', async (entry, code, message) => {
    expect(await failing(entry)).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })
})

describe('a stage', () => {
  it.each([
    ['replicas: "2"', { replicas: 2 }],
    ['replicas: {min: 1, max: 4, up_delay_ms: 5}', { autoscale: { min: 1, max: 4, upDelayMs: 5 } }],
    ['shards: 3\npolling: \'{"/index": "all"}\'', { shards: 3, polling: { '/index': 'ALL' } }],
    ['shards: 2\npolling: {/search: any}', { polling: { '/search': 'ANY' } }],
    ['timeout_send: 10\ntimeoutReadyMs: 20', { timeoutSendMs: 10, timeoutReadyMs: 20 }],
    ['exit_on_exceptions: TypeError', { exitOnExceptions: ['TypeError'] }],
    ['no_reduce: true', { reduce: { kind: 'concatenate' } }],
    ["disable_reduce: 'True'", { reduce: { kind: 'concatenate' } }],
    ['reduce: Changes', { reduce: { kind: 'changes' } }],
    ['disable_reduce: no', { reduce: { kind: 'merge' } }],
    ['needs: gateway', { needs: ['gateway'] }],
    ['method: add\nworkspace: /tmp/w', { workspace: '/tmp/w' }],
    ['liveness: ~', { liveness: null }],
    ['env: {A: 1, B: x}', { env: { A: '1', B: 'x' } }],
    // as str() of Python has them, by which Jina makes them texts
    [
      "env: {A: true, B: , C: '', D: 1.0, E: 3.10, F: no, G: 1e3, H: 0x1e, I: -2, J: '1.0', K: off-5, L: '007'}",
      {
        env: {
          ...{ A: 'True', B: 'None', C: '', D: '1.0', E: '3.1', F: 'False', G: '1000.0', H: '30', I: '-2' },
          ...{ J: '1.0', K: 'off-5', L: '007' },
        },
      },
    ],
    [
      "external: true\nhost: ['::1', '[fd00::2]']\nport: 5",
      {
        external: [
          { host: '::1', port: 5 },
          { host: 'fd00::2', port: 5 },
        ],
      },
    ],
    ["external: true\nhost: 'grpcs://[::1]:7'", { external: [{ host: '::1', port: 7, tls: true }] }],
    ['external: true\nhost: a.example\nport: 5', { external: [{ host: 'a.example', port: 5, tls: false }] }],
    [
      'external: yes\nhost: grpcs://a:1,b:2',
      {
        external: [
          { host: 'a', port: 1, tls: true },
          { host: 'b', port: 2, tls: true },
        ],
      },
    ],
    [
      'external: true\nhost: [a, b]\nports: ["5", 6]\nprotocol: [grpc, GRPC]',
      {
        external: [
          { host: 'a', port: 5 },
          { host: 'b', port: 6 },
        ],
      },
    ],
    ['volumes: ~\ngpus: ~\nwhen: ""\nfloating: false\nprovider: NONE\npeer_ports: []\npy_modules: ""', {}],
    ['uses: docker://encoder', { source: { kind: 'image', image: 'encoder' } }],
    [
      'image: encoder:1\nvolumes: /data\ngpus: "2"\nresources: {limits: {cpu: 500m}}\nenv_from_secret: {TOKEN: {name: tokens, key: hub}}\nimage_pull_secrets: registry',
      {
        source: { kind: 'image', image: 'encoder:1' },
        volumes: ['/data'],
        gpus: 2,
        resources: { limits: { cpu: '500m' } },
        envFromSecret: { TOKEN: { name: 'tokens', key: 'hub' } },
        imagePullSecrets: ['registry'],
      },
    ],
    ['external: true\nhost: a\nport: 1\npy_modules: x.py', { external: [{ host: 'a' }] }],
    ['external: true\nhost: a\nport: 1\ndocarray: v1', { docarray: 'v1' }],
    [
      'uses: Encoder\npy_modules: encoder.py\npython: .venv/bin/python',
      {
        source: { kind: 'python', files: [pathOf('encoder.py')], module: null, className: 'Encoder' },
        python: '.venv/bin/python',
      },
    ],
    [
      'uses: {jtype: Encoder, with: {a: 1}, py_modules: [tools.py, encoder.py, encoder.py]}',
      {
        source: { kind: 'python', files: [pathOf('tools.py'), pathOf('encoder.py')] },
        usesWith: { a: 1 },
      },
    ],
    [
      'uses: encoder.py#Encoder',
      { source: { kind: 'python', files: [pathOf('encoder.py')], className: 'Encoder' } },
    ],
    [
      'uses: Encoder\npy_modules: [encoder.js, encoder.py]',
      { source: { kind: 'python', files: [pathOf('encoder.py')] } },
    ],
    [
      'uses: Encoder\npy_modules: [encoder.py, encoder.js]',
      { source: { kind: 'module', url: url('encoder.js'), otherUrls: [] } },
    ],
    [
      'uses: package.module.Encoder',
      {
        source: { kind: 'python', files: [], module: 'package.module', className: 'Encoder' },
      },
    ],
    ['uses: python:encoder.Encoder', { source: { kind: 'python', module: 'encoder', className: 'Encoder' } }],
  ])('may say %j', async (entry, expected) => {
    const { warnings, ...plan } = await stage(`name: a\n${entry}`)
    expect(plan).toMatchObject(expected)
    expect(warnings).toEqual([])
  })

  it('warns that its own port has no effect', async () => {
    const { warnings } = await stage('name: a\nport: 5000\nhost: localhost\nprotocol: HTTP')
    expect(warnings).toHaveLength(3)
  })

  it.each([
    ['method: inspect\nneeds: gateway', 'BAD_YAML', /flow\.yml:4:12: method: inspect has its place/],
    ['method: remove', 'UNSUPPORTED', /must be 'add', 'needs'/],
    ['gpus: some', 'INVALID_OPTION', /flow\.yml:3:11: stage: gpus must be 'all'/],
    ['volumes: [a:b]', 'INVALID_OPTION', /volumes must be an absolute path/],
    ['uses_dynamic_batching: 5', 'INVALID_OPTION', /uses_dynamic_batching must be an object/],
    ['floating: often', 'INVALID_OPTION', /flow\.yml:3:15: stage: floating must be true or false/],
    ['stateful: true', 'UNSUPPORTED', /stateful is not part/],
    ['grpc_metadata: {a: b}', 'UNSUPPORTED', /grpc_metadata/],
    ['replicas: many', 'INVALID_OPTION', /flow\.yml:3:15: stage: replicas must be a whole number.*"many"/],
    ['uses_with: 5', 'INVALID_OPTION', /uses_with must be an object/],
    ['name: not-one', 'INVALID_NAME', /flow\.yml:3:5/],
    ['needs: nobody', 'INVALID_OPTION', /flow\.yml:3:5: stage 'executor0': needs names 'nobody'/],
    ['host: example.org', 'UNSUPPORTED', /external: true/],
    ['external: true\nhost: a\nport: 1\nprotocol: HTTP', 'UNSUPPORTED', /only GRPC/],
    ['external: true\nhost: "http://a b"\nport: 1', 'BAD_YAML', /host must be an address/],
  ])('refuses %j', async (entry, code, message) => {
    expect(await failing(entry)).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })
})

describe('names in a text', () => {
  it('are replaced in the Flow and in the files of its Executors', async () => {
    writeFileSync(
      pathOf('named.yml'),
      'jtype: Encoder\nwith: {size: "${{ size }}", path: "${{ ENV.HOME }}"}\npy_modules: encoder.js\n',
    )
    const { plan } = await load(
      'jtype: Flow\nwith: {port: "${{ CONTEXT.port }}"}\nexecutors:\n  - name: a\n    replicas: ${{ size }}\n    uses: named.yml\n  - name: b\n    replicas: ${{root.executors[0].replicas}}\n',
      { context: { port: '81', size: '2' } },
    )
    expect(plan.settings.port).toEqual([81])
    expect(plan.stages).toMatchObject([
      { replicas: 2, usesWith: { size: 2, path: process.env.HOME } },
      { replicas: 2 },
    ])
  })
})
