import { afterEach, describe, expect, test } from 'vitest'
import { HandClock } from '../lib/hand-clock.suite.js'
import { startFakePeer } from '../transport/grpc/fake-peer.suite.js'
import { decodeDescription, encodeDescription } from '../wire/description.js'
import { recipientHeader } from '../wire/identity.js'
import { encodeInfo } from '../wire/info.js'
import type { ExternalSpec, StageSpec } from './spec.js'
import type { Gateway } from './contract.js'
import { createGateway } from './gateway.js'
import { gatewaySpec, grpcListener, pod, request, stageSpec, TestClient } from './fixture.suite.js'

const open: { close(options: { graceMs: number }): Promise<void> | void }[] = []
/** Hosts of the pods that ran a request. */
const ran: string[] = []

afterEach(async () => {
  ran.length = 0
  for (const one of open.splice(0).reverse()) await one.close({ graceMs: 0 })
})

/** A shard at an address of its own of this machine. */
async function shardAt(host: string, wanted: number, more: Partial<StageSpec>) {
  const gateway = createGateway(
    gatewaySpec([stageSpec('indexer', more)], { listeners: [grpcListener(wanted, host)] }),
  )
  open.push(gateway)
  const port = (await gateway.listen()).ports[0]!
  const service = pod(async (data) => {
    ran.push(host)
    return data.answer()
  })
  await gateway.add('indexer', 'indexer/rep-0', { kind: 'memory', service })
  return { gateway, port }
}

const part = (shard: number): Partial<StageSpec> => ({ part: { shard, shards: 2 } })

interface Finding {
  readonly names: Readonly<Record<string, string>>
  readonly port: number
  readonly discover: ExternalSpec['discover']
}

/** The gateway in front of two shards, which are found at these addresses. */
async function inFront({ names, port, discover }: Finding, more: Partial<StageSpec> = {}) {
  const clock = new HandClock()
  const logged: string[] = []
  const external = ['indexer-0', 'indexer-1'].map((name, shard) => ({
    shard,
    address: { kind: 'grpc', host: discover === 'static' ? names[name]! : name, port, tls: false } as const,
    discover,
  }))
  const sharded = { shards: 2, polling: { '*': 'ALL' }, external, retries: 0, ...more } as const
  const gateway = createGateway(gatewaySpec([stageSpec('indexer', sharded)], { name: 'shop' }), {
    clock,
    lookup: async (host) => (names[host] === undefined ? [] : [names[host]]),
    logger: { debug: () => {}, info: () => {}, warn: (line: string) => void logged.push(line) },
  })
  open.push(gateway)
  const client = new TestClient((await gateway.listen()).ports[0]!)
  open.push(client)
  return { gateway, client, clock, logged }
}

const replicas = async (gateway: Gateway): Promise<unknown> =>
  (await gateway.status()).flatMap((shard) => shard.replicas.map(({ name }) => name))

const right = { 'indexer-0': '127.0.0.1', 'indexer-1': '127.0.0.2' }
const exchanged = { 'indexer-0': '127.0.0.2', 'indexer-1': '127.0.0.1' }

describe('a shard at the address of another one', () => {
  test('is not listed where servers come and go, and that is logged once', async () => {
    const { port } = await shardAt('127.0.0.1', 0, part(0))
    await shardAt('127.0.0.2', port, part(1))
    const { gateway, logged, clock } = await inFront({ names: exchanged, port, discover: 'dns' })
    expect(await replicas(gateway)).toEqual([])
    clock.move(1000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(logged.toSorted()).toEqual([
      `No request for indexer/shard-0 is run at 127.0.0.2:${port}. It says that it is shard 1 of 2 of stage 'indexer', and shard 0 of 2 was expected there. Look at the address.`,
      expect.stringContaining('No request for indexer/shard-1 is run at 127.0.0.1'),
    ])
  })

  test('refuses what it is sent, as not run', async () => {
    const { port } = await shardAt('127.0.0.1', 0, part(0))
    await shardAt('127.0.0.2', port, part(1))
    const { client } = await inFront({ names: exchanged, port, discover: 'static' })
    let notRun: unknown
    const sent = client.unary(
      '/jina.JinaSingleDataRequestRPC/process_single_data',
      request('/index').encode(),
      {
        trailers: (metadata) => (notRun = metadata.get('millrace-not-run')),
      },
    )
    await expect(sent).rejects.toMatchObject({
      code: 14,
      details: expect.stringMatching(
        /This is shard [01] of 2 of stage 'indexer', and the request is for shard [01] of 2/,
      ),
    })
    expect(notRun).toEqual(['true'])
    expect(ran).toEqual([])
  })

  test.each(['static', 'dns'] as const)('takes part at its own address (%s)', async (discover) => {
    const { port } = await shardAt('127.0.0.1', 0, part(0))
    await shardAt('127.0.0.2', port, part(1))
    const { client, logged } = await inFront({ names: right, port, discover })
    await client.send(request('/index'))
    expect(ran.toSorted()).toEqual(['127.0.0.1', '127.0.0.2'])
    expect(logged).toEqual([])
  })
})

test.each([
  ['of another Flow', { flow: 'other' }],
  ['of another number of shards', { flow: 'shop', part: { shard: 0, shards: 3 } }],
  ['that its Flow has told of no shards', { flow: 'shop', part: null }],
])('a pod %s is not listed', async (_, more) => {
  const { port } = await shardAt('127.0.0.1', 0, { ...part(0), ...more })
  await shardAt('127.0.0.2', port, { ...part(1), flow: 'shop' })
  const { gateway } = await inFront({ names: right, port, discover: 'dns' }, { flow: 'shop' })
  expect(await replicas(gateway)).toEqual([`indexer/shard-1/127.0.0.2:${port}`])
})

test('a pod that was told of nothing is taken for what its address stands for', async () => {
  const { port } = await shardAt('127.0.0.1', 0, {})
  await shardAt('127.0.0.2', port, {})
  const { client } = await inFront({ names: right, port, discover: 'dns' })
  await client.send(request('/foo'))
  expect(ran.toSorted()).toEqual(['127.0.0.1', '127.0.0.2'])
})

describe('a Jina Executor', () => {
  const describe = (): Uint8Array =>
    encodeDescription({ endpoints: ['/index'], writeEndpoints: [], streamEndpoints: [], schemas: {} })
  const named = async (name: string) => {
    const status = (): Uint8Array => encodeInfo({ jina: {}, envs: { JINA_DEPLOYMENT_NAME: name } })
    const peer = await startFakePeer({ describe, status, onSingle: (data) => data.answer() })
    open.push({ close: () => peer.close() })
    return peer
  }

  test.each([
    ['that has the name of another shard is not listed', 'indexer-1', false],
    ['that has the name of its own shard is', 'indexer-0', true],
    ['that has a name of its own is', 'model-1', true],
    ['that has no name is', '(unset)', true],
  ])('%s', async (_, name, isListed) => {
    const { port } = await named(name)
    const { gateway } = await inFront({ names: { 'indexer-0': '127.0.0.1' }, port, discover: 'dns' })
    expect(await replicas(gateway)).toEqual(isListed ? [`indexer/shard-0/127.0.0.1:${port}`] : [])
  })

  test('that does not know the question is', async () => {
    const peer = await startFakePeer({ describe, onSingle: (data) => data.answer() })
    open.push({ close: () => peer.close() })
    const { gateway } = await inFront({
      names: { 'indexer-0': '127.0.0.1' },
      port: peer.port,
      discover: 'dns',
    })
    expect(await replicas(gateway)).toHaveLength(1)
  })
})

describe('a gateway', () => {
  const describing = async (gateway: { readonly port: number }): Promise<unknown> => {
    const client = new TestClient(gateway.port)
    open.push(client)
    const path = '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery'
    return decodeDescription(await client.unary(path, new Uint8Array())).identity
  }

  test('says which pod it is, and another instance each time that it starts', async () => {
    const first = await shardAt('127.0.0.1', 0, { ...part(1), flow: 'shop' })
    const identity = (await describing(first)) as object
    expect(identity).toMatchObject({ flow: 'shop', stage: 'indexer', part: { shard: 1, shards: 2 } })
    const second = await shardAt('127.0.0.1', 0, { ...part(1), flow: 'shop' })
    expect(await describing(second)).not.toEqual(identity)
  })

  test('does not tell those behind it whom a call to it was for', async () => {
    const { gateway, port } = await shardAt('127.0.0.1', 0, part(0))
    let seen: object | undefined
    const service = pod(async (data, { headers }) => {
      seen = headers
      return data.answer()
    })
    await gateway.add('indexer', 'indexer/rep-1', { kind: 'memory', service })
    await gateway.remove('indexer', 'indexer/rep-0', { graceMs: 0 })
    const client = new TestClient(port)
    open.push(client)
    await client.send(request('/foo'), { [recipientHeader]: '0/2', mine: 'x' })
    expect(seen).toEqual({ mine: 'x' })
    await expect(client.send(request('/foo'), { [recipientHeader]: '?' })).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('a pod whose name cannot be read'),
    })
  })
})
