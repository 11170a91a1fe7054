import { afterEach, expect, test } from 'vitest'
import { HandClock } from '../lib/hand-clock.suite.js'
import type { Gateway } from './contract.js'
import { createGateway } from './gateway.js'
import { gatewaySpec, grpcListener, pod, request, stageSpec, TestClient } from './fixture.suite.js'

/** Hosts of the shards that had a request. */
const asked: string[] = []

const open: { close(options: { graceMs: number }): Promise<void> | void }[] = []

afterEach(async () => {
  asked.length = 0
  for (const one of open.splice(0).reverse()) await one.close({ graceMs: 0 })
})

/** A server that listens, and whose pod has not started. */
async function listening(host: string, wanted = 0): Promise<{ gateway: Gateway; port: number }> {
  const gateway = createGateway(gatewaySpec([stageSpec('own')], { listeners: [grpcListener(wanted, host)] }))
  open.push(gateway)
  return { gateway, port: (await gateway.listen()).ports[0]! }
}

/** A shard that finds one match for each document, and notes that it was asked. */
async function shardAt(host: string, port = 0): Promise<number> {
  const server = await listening(host, port)
  const service = pod(
    async (data) => {
      asked.push(host)
      const answer = data.answer()
      for (const doc of answer.docs) doc.matches = [{ id: host }]
      return answer
    },
    { endpoints: ['/search'] },
  )
  await server.gateway.add('own', 'own/rep-0', { kind: 'memory', service })
  return server.port
}

/** Two shards, and a stage behind them that gets their answers one by one; a name that is not in `names` has no server. */
async function gatheredShards(names: Readonly<Record<string, string>>, port: number) {
  const clock = new HandClock()
  const external = (host: string, shard = 0) => ({
    shard,
    address: { kind: 'grpc', host, port, tls: false } as const,
    discover: 'dns' as const,
  })
  const gateway = createGateway(
    gatewaySpec([
      stageSpec('keeper', {
        shards: 2,
        polling: { '*': 'ALL' },
        gatheredBy: 'after',
        external: [external('keeper-0', 0), external('keeper-1', 1)],
      }),
      stageSpec('after', { external: [external('after')] }),
    ]),
    { clock, lookup: async (host) => (names[host] === undefined ? [] : [names[host]]) },
  )
  open.push(gateway)
  const client = new TestClient((await gateway.listen()).ports[0]!)
  open.push(client)
  const matches = async (): Promise<unknown> => {
    const { docs } = await client.send(request('/search', ['a']))
    return [...docs].map((doc) => doc.matches.length)
  }
  return { gateway, clock, matches }
}

const sizes = { kind: 'memory', service: pod(undefined, { endpoints: ['/sizes'] }) } as const

test('what shards found is one answer after the stage behind them has started late', async () => {
  const port = await shardAt('127.0.0.1')
  await shardAt('127.0.0.2', port)
  const after = await listening('127.0.0.3', port)
  const names = { 'keeper-0': '127.0.0.1', 'keeper-1': '127.0.0.2', after: '127.0.0.3' }
  const { gateway, clock, matches } = await gatheredShards(names, port)
  await after.gateway.add('own', 'own/rep-0', sizes)
  clock.move(1000)
  await expect
    .poll(async () => (await gateway.status()).find(({ name }) => name === 'after')?.replicas)
    .toHaveLength(1)
  expect(await matches()).toEqual([2])
})

test('shards are not asked while nobody knows what the stage behind them serves', async () => {
  const port = await shardAt('127.0.0.1')
  await shardAt('127.0.0.2', port)
  const { matches } = await gatheredShards({ 'keeper-0': '127.0.0.1', 'keeper-1': '127.0.0.2' }, port)
  await expect(matches()).rejects.toMatchObject({
    code: 14,
    details: expect.stringContaining('after has not said yet what it serves'),
  })
  expect(asked).toEqual([])
})
