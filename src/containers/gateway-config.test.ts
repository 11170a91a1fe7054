import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { gatewaySpec } from '../flow/gateway-spec.js'
import { loadFlow } from '../config/load-flow.js'
import { type GatewaySpec, unsharded } from '../gateway/spec.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import { Indexer, planOf, plans, project, richPlan } from '../export/fixture.suite.js'
import { Authority, folderWith } from '../tls/certificates.suite.js'
import { gatewayArgs, gatewayConfig } from './gateway-config.js'
import { yamlText } from './yaml-text.js'

const container = { project, host: (workload: string): string => `${workload}.shop.svc` }

/** The plan in the gateway's container: its file, read as `millrace flow` reads it. */
async function loaded(plan: FlowPlan): Promise<FlowPlan> {
  const named = gatewayArgs(plan, 'flow.yml').find((argument) => argument.startsWith('--name='))
  const text = await yamlText(gatewayConfig(plan, container))
  return loadFlow(text, {
    usesWith: named === undefined ? {} : { name: named.slice('--name='.length) },
    onWarning: (warning) => expect.unreachable(warning),
  })
}

/** The spec without ports, without the addresses and Flows of stages, and without sharding where there is one shard. */
function decisions({ stages, listeners: _listeners, ...more }: GatewaySpec): object {
  return {
    ...more,
    stages: stages.map(({ external: _external, flow: _flow, silentMs: _silentMs, ...stage }) => ({
      ...stage,
      ...(stage.shards === 1 && unsharded),
    })),
  }
}

it('a gateway in a container has the same settings as the one in the program', async () => {
  const check = async (plan: FlowPlan): Promise<void> => {
    expect(decisions(gatewaySpec(await loaded(plan)))).toEqual(decisions(gatewaySpec(plan)))
  }
  await check(richPlan)
  await fc.assert(fc.asyncProperty(plans, check), { numRuns: 200 })
})

it('metrics in a container have a known port on all interfaces', async () => {
  const metricsOf = async (metrics: FlowOptions['metrics']): Promise<unknown> =>
    gatewaySpec(await loaded(planOf({ metrics: metrics ?? null }, { name: 'indexer', uses: Indexer })))
      .metrics
  expect(await metricsOf(null)).toBeNull()
  expect(await metricsOf(true)).toEqual({ port: 9090, host: '::', auth: false })
  expect(await metricsOf({ port: 9100, host: '127.0.0.1' })).toEqual({ port: 9100, host: '::', auth: false })
})

it('edges determine the order of stages, not their order in the plan', () => {
  const reversed = { ...richPlan, stages: richPlan.stages.toReversed() }
  expect(gatewayConfig(reversed, container)).toEqual(gatewayConfig(richPlan, container))
  const gatherers = ({ stages }: GatewaySpec): object =>
    Object.fromEntries(stages.map(({ name, gatheredBy }) => [name, gatheredBy]))
  expect(gatherers(gatewaySpec(reversed))).toEqual(gatherers(gatewaySpec(richPlan)))
})

it('a gateway in a container knows the Flow of its own pods, and of no others', async () => {
  const flows = async (plan: FlowPlan): Promise<unknown> =>
    gatewaySpec(await loaded(plan)).stages.map(({ flow }) => flow)
  expect(await flows(richPlan)).toEqual([null, 'shop', 'shop', 'shop', null])
  const named = planOf({ name: '$HOME' }, { name: 'indexer', uses: Indexer })
  expect(await flows(named)).toEqual([null])
})

it('a gateway in a container has the same branches and joins', async () => {
  const own = { uses: Indexer, shards: 2 }
  const plan = planOf(
    {},
    { name: 'a', uses: Indexer },
    { name: 'log', uses: Indexer, floating: true },
    {
      ...{ name: 'b', needs: 'gateway', ...own, usesBefore: Indexer, usesAfter: Indexer },
      when: { headers: { 'x-tenant': { $in: ['a'] } } },
    },
    { name: 'parts', needs: ['b', 'a'], uses: Indexer, reduce: false },
    { name: 'ranked', needs: ['parts', 'gateway'], reduce: { limit: 3 } },
    { name: 'changed', needs: ['a', 'ranked'], reduce: 'changes' },
    { name: 'last', needs: ['ranked', 'a'], ...own, usesBefore: Indexer, reduce: false },
  )
  const graph = ({ stages }: GatewaySpec): unknown =>
    stages.map(({ name, needs, floating, when, reduce, gatheredBy }) => ({
      when,
      name,
      needs,
      floating,
      reduce,
      gatheredBy,
    }))
  expect(graph(gatewaySpec(await loaded(plan)))).toEqual(graph(gatewaySpec(plan)))
})

it('usesAfter becomes a stage in gatheredBy', async () => {
  const stage = { name: 'indexer', uses: Indexer, usesBefore: Indexer, usesAfter: Indexer }
  const sharded = planOf({}, { ...stage, shards: 2 }, { name: 'next', uses: Indexer })
  const { stages } = gatewaySpec(await loaded(sharded))
  expect(stages.map(({ name, gatheredBy }) => [name, gatheredBy])).toEqual([
    ['indexer_before', null],
    ['indexer', 'indexer_after'],
    ['indexer_after', null],
    ['next', null],
  ])
  const alone = gatewaySpec(await loaded(planOf({}, stage)))
  expect(alone.stages.map(({ name, gatheredBy }) => [name, gatheredBy])).toEqual([['indexer', null]])
})

it('a gateway in a container discovers the replicas of each shard by the name of its workload', async () => {
  const { stages } = gatewaySpec(await loaded(richPlan))
  expect(stages[3]?.external).toEqual(
    [0, 1].map((shard) => ({
      shard,
      address: { kind: 'grpc', host: `indexer-1-${shard}.shop.svc`, port: 8080, tls: false },
      discover: 'dns',
    })),
  )
})

it('the file of a gateway is a Flow with external stages and their options', async () => {
  const { settings, stages } = await loaded(richPlan)
  const [entry, encoder, before, indexer, elsewhere] = stages
  expect(settings).toMatchObject({ name: 'shop', graceMs: 10_000, timeoutMs: 5000 })
  expect(stages).toHaveLength(5)
  expect(entry).toMatchObject({ source: { kind: 'pass-through' }, external: [] })
  expect(encoder).toMatchObject({
    discover: 'dns',
    external: [{ host: 'encoder.shop.svc', port: 8080, tls: false, shard: 0 }],
  })
  expect(before).toMatchObject({ name: 'indexer_1_before', discover: 'dns' })
  const { polling, key, reduce, retries, hedge, timeoutSendMs, shards } = richPlan.stages[3]!
  expect(indexer).toMatchObject({
    ...{ polling, key, reduce, retries, hedge, timeoutSendMs, shards },
    discover: 'dns',
    external: [
      { host: 'indexer-1-0.shop.svc', port: 8080, tls: false, shard: 0 },
      { host: 'indexer-1-1.shop.svc', port: 8080, tls: false, shard: 1 },
    ],
  })
  expect(elsewhere).toMatchObject({
    discover: 'static',
    external: [
      { host: 'a', port: 443, tls: true },
      { host: 'b', port: 443, tls: true },
    ],
  })
})

it('keeps a name that YAML would substitute, and refuses other such strings', async () => {
  const named = planOf({ name: '-$HOME ${{ x }}' }, { name: 'a', uses: Indexer })
  expect((await loaded(named)).settings.name).toBe('-$HOME ${{ x }}')
  const keyed = planOf({}, { name: 'a', uses: Indexer, shards: 2, polling: 'KEY', key: 'tags.$HOME' })
  expect(() => gatewayConfig(keyed, container)).toThrow(/stage 'a': "tags\.\$HOME" would be substituted/)
})

it('a gateway in a container has a port for each listener of the Flow, on all interfaces', async () => {
  const one = planOf({ host: '127.0.0.1', port: 99 }, { name: 'a', uses: Indexer })
  expect(gatewayArgs(one, 'flow.yml')).toEqual(['flow', 'flow.yml', '--host', '::', '--port', '8080'])
  const two = planOf({ protocol: ['grpc', 'grpc'], port: [0, 99] }, { name: 'a', uses: Indexer })
  expect(gatewayArgs(two, 'flow.yml')).toEqual(['flow', 'flow.yml', '--host', '::'])
  expect(gatewaySpec(await loaded(two)).listeners.map(({ port }) => port)).toEqual([8080, 8081])
  const http = planOf({ protocol: 'HTTP', http: { errorStatus: true } }, { name: 'a', uses: Indexer })
  expect(gatewaySpec(await loaded(http))).toMatchObject({
    listeners: [{ protocols: ['http'] }],
    http: { errorStatus: true },
  })
  const websocket = planOf({ protocol: ['grpc', 'websocket'], port: [0, 0] }, { name: 'a', uses: Indexer })
  expect(gatewaySpec(await loaded(websocket)).listeners.map(({ protocols }) => protocols)).toEqual([
    ['grpc'],
    ['websocket'],
  ])
})

it('a gateway in a container limits rates and trusts proxies as the Flow does', async () => {
  const rateLimit = { perSecond: 5, burst: 20, by: { header: 'x-tenant' } }
  const limited = planOf({ rateLimit, trustProxy: ['10.0.0.0/8'] }, { name: 'a', uses: Indexer })
  expect(gatewaySpec(await loaded(limited))).toMatchObject({ rateLimit, trustProxy: ['10.0.0.0/8'] })
})

describe('tls', () => {
  const issued = new Authority().server({ name: 'a.test' })
  const files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
  afterAll(() => files.close())
  const tls = { cert: files.path('cert.pem'), key: files.path('key.pem') }

  it('has the paths in the container', () => {
    const mutual = { ...tls, ca: tls.cert, clientCertificate: 'require' } as const
    expect(
      gatewayConfig(planOf({ tls: mutual }, { name: 'indexer', uses: Indexer }), container),
    ).toMatchObject({
      with: {
        tls: {
          cert: '/etc/millrace-tls/tls.crt',
          key: '/etc/millrace-tls/tls.key',
          ca: '/etc/millrace-tls/ca.crt',
          clientCertificate: 'require',
        },
      },
    })
  })

  it('of servers elsewhere has their authorities as a text, and no key', () => {
    const outside = { name: 'a', external: true, host: 'a', port: 1 }
    const { executors } = gatewayConfig(
      planOf({}, { ...outside, tls: { ca: tls.cert, serverName: 'a.test' } }),
      container,
    ) as { readonly executors: readonly object[] }
    expect(executors[0]).toMatchObject({ tls: { ca: issued.cert, serverName: 'a.test' } })
    const withKey = planOf({}, { ...outside, tls })
    expect(() => gatewayConfig(withKey, container)).toThrow(/cannot use tls\.cert and tls\.key/)
  })
})

it('auth names a variable or a module of the image, and never a token', async () => {
  const withAuth = (auth: FlowOptions['auth']): object =>
    gatewayConfig(planOf({ auth: auth! }, { name: 'indexer', uses: Indexer }), container)
  expect(withAuth({ bearer: { env: 'TOKENS' }, open: ['health', 'reflection'] })).toMatchObject({
    with: { auth: { bearer: { env: 'TOKENS' }, open: ['health', 'reflection'] } },
  })
  const verify = `${project}/src/export/fixture.suite.ts#check`
  expect(withAuth({ bearer: { verify } })).toMatchObject({
    with: { auth: { bearer: { verify: '/app/src/export/fixture.suite.ts#check' } } },
  })
  expect(() => withAuth({ bearer: ['secret'] })).toThrow(/plain text. Use \{ env: NAME \}/)
  expect(() => withAuth({ bearer: { env: 'TOKENS' }, open: [] })).toThrow(/probes of a container/)
})

it('routes are a module of the image', () => {
  const withRoutes = (routes: string): object =>
    gatewayConfig(
      planOf({ protocol: 'http', http: { routes, docs: false } }, { name: 'indexer', uses: Indexer }),
      container,
    )
  expect(withRoutes(`${project}/src/export/fixture.suite.ts#shop`)).toMatchObject({
    with: { http: { routes: '/app/src/export/fixture.suite.ts#shop', docs: false } },
  })
  expect(() => withRoutes(import.meta.resolve('typescript'))).not.toThrow() // of a package in the project
  expect(() => withRoutes('/etc/hostname')).toThrow(
    /Flow: http\.routes: \/etc\/hostname is not in the project .* set the option project/,
  )
})
