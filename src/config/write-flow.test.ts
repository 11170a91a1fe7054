import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Executor } from '../executor/executor.js'
import { addStage, createPlan, type FlowPlan } from '../plan/flow-plan.js'
import { addGather, addInspect } from '../plan/inspection.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { Authority } from '../tls/certificates.suite.js'
import { loadFlow } from './load-flow.js'
import { saveFlow, writeFlow } from './write-flow.js'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-yaml-'))
const file = path.join(folder, 'executor.mjs')
const tokens = path.join(folder, 'tokens')
const tls = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') }
const issued = new Authority().server({ name: 'a.test' })
writeFileSync(tls.cert, issued.cert)
writeFileSync(tls.key, issued.key)

const python = path.join(folder, 'encoder.py')

beforeAll(() => {
  writeFileSync(file, 'export class Upper {}\nexport const best = (all) => all[0]\n')
  for (const empty of [path.join(folder, 'tools.mjs'), path.join(folder, 'tools.py'), python])
    writeFileSync(empty, '')
  writeFileSync(tokens, 'a b')
})
afterAll(() => rmSync(folder, { recursive: true }))

class Known extends Executor {
  static override module = pathToFileURL(file).href

  x(): void {}
}

const planOf = (options: FlowOptions, stages: readonly StageOptions[]): FlowPlan =>
  stages.reduce(addStage, createPlan(options))

/** The plan without the form in which Executors were given. */
function comparable({ settings, stages }: FlowPlan): unknown {
  return {
    settings,
    stages: stages.map(({ usesBefore, usesAfter, source, ...stage }) => ({
      ...stage,
      uses: undefined,
      around: [usesBefore !== null, usesAfter !== null],
      source: { ...source, executorClass: undefined },
    })),
  }
}

describe('a Flow that was written', () => {
  it.each<[string, FlowOptions, readonly StageOptions[]]>([
    ['without stages', {}, []],
    ['with presets', {}, [{}, { name: 'b' }]],
    ['with tokens', { auth: { bearer: { env: 'TOKENS' }, open: [] } }, []],
    ['with a file of tokens', { auth: { bearer: { file: tokens } } }, []],
    ['with verify', { auth: { bearer: { verify: `${file}#best` }, open: ['reflection'] } }, []],
    ['with TLS', { tls }, []],
    ['with certificates of clients', { tls: { ...tls, ca: tls.cert, clientCertificate: 'request' } }, []],
    [
      'with TLS of servers elsewhere',
      {},
      [{ external: true, host: 'a', port: 1, tls: { ...tls, ca: tls.cert, serverName: 'b.test' } }],
    ],
    ['with a rate limit', { rateLimit: { perSecond: 0.5, by: { header: 'x-tenant' } } }, []],
    ['behind proxies', { trustProxy: ['10.0.0.0/8', '::1'] }, []],
    ['behind one proxy', { trustProxy: 1 }, []],
    ['behind a proxy', { trustProxy: ['10.0.0.1'] }, []],
    ['with an access log', { accessLog: true }, []],
    ['with a page', { dashboard: { port: 9000 } }, []],
    ['with metrics', { metrics: true }, []],
    ['with traces', { tracing: true }, []],
    ['with a share of traces', { tracing: { host: 'otel', port: 1, samplingRatio: 0.25 } }, []],
    ['with metrics at a port', { metrics: { port: 9090, host: '0.0.0.0' } }, []],
    ['with a sampled access log', { accessLog: { sample: 0.5, headers: ['x-tenant'] } }, []],
    [
      'with options',
      {
        name: 'yes',
        port: [80],
        workspace: '/tmp/w',
        env: { ON: 'on', N: '5' },
        timeoutMs: 7,
        queue: { maxRequests: 3 },
        control: false,
        quiet: true,
      },
      [
        {
          name: 'a',
          needs: 'gateway',
          env: { A: 'no' },
          timeoutSendMs: 5,
          timeoutReadyMs: -1,
          liveness: null,
          retries: 0,
          hedge: { afterMs: 3 },
        },
      ],
    ],
    [
      'with Executors',
      {},
      [
        {
          uses: Known,
          usesWith: { a: [1, { b: 'yes' }], n: null },
          usesMetas: { name: 'x' },
          usesRequests: { '/x': 'x' },
          dynamicBatching: { '/x': { size: 8, timeoutMs: 5 } },
        },
        { uses: file, replicas: { max: 4, target: 0.5 } },
        { uses: `${file}#Upper`, runtime: 'thread', replicas: 3, exitOnExceptions: ['TypeError', 'Other'] },
        { uses: { jtype: 'Upper', py_modules: [path.join(folder, 'tools.mjs'), file], with: { k: '5' } } },
      ],
    ],
    [
      'with Executors in Python',
      { python: 'python3' },
      [
        { uses: `${python}#Encoder`, python: '.venv/bin/python', usesWith: { a: 1 } },
        { uses: { jtype: 'Encoder', py_modules: [path.join(folder, 'tools.py'), python], with: { k: '5' } } },
        { uses: 'python:shop.encoder.Encoder', usesMetas: { name: 'x' } },
        { uses: Known, shards: 2, usesAfter: { jtype: 'Join', py_modules: python, with: { a: 1 } } },
      ],
    ],
    [
      'with images',
      {},
      [
        {
          uses: 'docker://registry.example/indexer:1.2',
          usesWith: { a: 1 },
          volumes: ['/data', 'models:/models'],
          gpus: 'all',
          resources: { requests: { cpu: 1 }, limits: { cpu: '1500m', memory: '1Gi' } },
          envFromSecret: { TOKEN: { name: 'tokens', key: 'hub' } },
          imagePullSecrets: ['one', 'two'],
        },
        { image: 'indexer:1', shards: 2, usesBefore: 'docker://before:1', volumes: '/data', gpus: 2 },
        { uses: Known, image: 'known:1', gpus: 'device=0,2' },
      ],
    ],
    [
      'with shards',
      {},
      [
        { uses: Known, shards: 2, polling: 'ALL', reduce: { limit: 3, order: 'descending' } },
        {
          uses: Known,
          shards: 2,
          polling: 'KEY',
          key: 'tags.tenant',
          onShardFailure: 'partial',
          minShards: 2,
        },
        { uses: Known, shards: 2, polling: { '/x': 'ALL' }, reduce: false },
        { uses: Known, shards: 2, reduce: `${file}#best` },
        {
          uses: Known,
          shards: 2,
          usesBefore: Known,
          usesAfter: { jtype: 'Upper', with: { a: 1 }, py_modules: file },
        },
      ],
    ],
    [
      'with branches',
      {},
      [
        { name: 'a' },
        { name: 'log', floating: true },
        { name: 'b', needs: 'gateway', uses: Known, shards: 2, usesBefore: Known, usesAfter: Known },
        { name: 'join', needs: ['b', 'a'], reduce: { limit: 3 } },
        { name: 'changes', needs: ['b', 'a'], reduce: 'changes' },
        {
          name: 'parts',
          needs: ['join', 'gateway'],
          uses: Known,
          shards: 2,
          usesBefore: Known,
          reduce: false,
        },
        { name: 'side', needs: 'b', when: { tags__price: { $gt: 5 } } },
        {
          ...{ name: 'some', needs: 'a', uses: Known, shards: 2, usesBefore: Known },
          when: { docs: { text: { $exists: true } }, parameters: { rerank: { $eq: true } } },
        },
        { name: 'last', needs: 'parts' },
      ],
    ],
    [
      'with servers of others',
      {},
      [
        { external: true, host: ['a', 'b'], port: [1, 2], tls: true },
        { external: true, host: 'a', port: 1 },
      ],
    ],
  ])('is the same when it is loaded: %s', async (_, options, stages) => {
    const plan = planOf(options, stages)
    const target = path.join(folder, 'flow.yml')
    await saveFlow(plan, target)
    const warnings: string[] = []
    const loaded = await loadFlow(target, { onWarning: (message) => void warnings.push(message) })
    expect(comparable(loaded)).toEqual(comparable(plan))
    expect(warnings).toEqual([])
  })

  it('has the stages that inspect, and their joins', async () => {
    const begun = addInspect(planOf({ inspect: 'hang' }, [{ name: 'a' }]), {
      uses: Known,
      shards: 2,
      usesAfter: Known,
    })
    const second = addInspect(addStage(begun, { name: 'b' }), { name: 'second' })
    const joined = addStage(addGather(second, { reduce: true }), {
      name: 'c',
      needs: ['gather_inspect', 'a'],
    })
    const plan = addGather(addInspect(joined, { name: 'third' }), { name: 'all', uses: Known })
    const text = writeFlow(plan, folder)
    expect(text.match(/method: \w+/g)).toEqual([
      'method: inspect',
      'method: inspect',
      'method: gather_inspect',
      'method: inspect',
      'method: gather_inspect',
    ])
    const target = path.join(folder, 'inspected.yml')
    await saveFlow(plan, target)
    expect(comparable(await loadFlow(target, {}))).toEqual(comparable(plan))
  })

  it('has its stages in the order of their edges, not in that of a list', () => {
    const plan = planOf({}, [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    const reversed = { ...plan, stages: plan.stages.toReversed() }
    expect(writeFlow(reversed, folder)).toBe(writeFlow(plan, folder))
  })

  it('contains only options that differ from their defaults, under Jina’s names', () => {
    const plan = planOf({ port: 80, timeoutSendMs: 5 }, [
      { name: 'a', uses: Known, usesWith: { a: 1 }, replicas: 2 },
    ])
    expect(writeFlow(plan, folder)).toBe(`jtype: Flow
version: "1"
with:
  port: 80
  timeout_send: 5
executors:
  - name: a
    uses: ./executor.mjs#Known
    replicas: 2
    uses_with:
      a: 1
`)
  })

  it.each<[StageOptions, RegExp]>([
    [{ uses: Known, shards: 2, reduce: (all) => all[0]! }, /reduce is a function/],
    [
      { uses: class Lost extends Executor {}, runtime: 'inline' },
      /the module of the class Lost is not known/,
    ],
    [{ uses: Known, usesWith: { at: new Date(0) } }, /at is not plain data/],
    [{ uses: Known, usesWith: { text: 'pay ${{ENV.X}}' } }, /would be read as a variable/],
    [{ uses: Known, usesWith: { text: 'pay $X' } }, /would be read as a variable/],
  ])('cannot have what a file cannot say: %#', (stage, message) => {
    expect(() => writeFlow(planOf({}, [stage]), folder)).toThrow(message)
  })
})

it('a private key is not written', () => {
  const key = readFileSync(tls.key, 'utf8')
  const plan = planOf({}, [{ name: 'a', external: true, host: 'a', port: 1, tls: { ...tls, key } }])
  expect(() => writeFlow(plan, folder)).toThrow(/tls\.key is a private key, which is a secret/)
})

it('a list of tokens is not written', () => {
  const plan = planOf({ auth: { bearer: ['secret'] } }, [])
  expect(() => writeFlow(plan, folder)).toThrow(/tokens, which are secrets/)
})
