import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import type { GatewayHandle } from '../dist/gateway/host.js'
import type { GatewaySpec } from '../dist/gateway/spec.js'
import { Client, deferred, listen, startGateway } from '../dist/internals.js'
import type { Listener } from '../dist/transport/transport.js'

/** The gateway's thread, in the built output, because a worker cannot load TypeScript. */

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

function spec(port: number): GatewaySpec {
  const stage = {
    passThrough: false,
    balance: 'power-of-two',
    timeoutSendMs: null,
    retries: -1,
    maxLostReplicas: 2,
    hedge: null,
    queue: { maxRequests: 1000, maxBytes: 2 ** 28, maxWaitMs: 2000, perReplica: 1000 },
    silentMs: null,
    external: [],
    forwardHeaders: [],
    shards: 1,
    polling: { '*': 'ANY' },
    key: 'id',
    reduce: { kind: 'concatenate' },
    onShardFailure: 'fail',
    minShards: 1,
    softDeadlineMs: null,
    gatheredBy: null,
    flow: null,
    part: null,
  } as const
  return {
    name: 'flow',
    listeners: [{ protocols: ['grpc'], host: '127.0.0.1', port }],
    stages: [{ name: 'exec', needs: ['gateway'], floating: false, when: null, ...stage }],
    prefetch: 1000,
    queue: { maxRequests: 10_000, maxBytes: 2 ** 29 },
    maxMessageBytes: 64 * 1024 * 1024,
    limits: {
      maxBytes: 2 ** 30,
      maxConnections: null,
      maxCalls: 1024,
      stallMs: 10_000,
      handshakeMs: 10_000,
      handshakesPerSecond: 500,
      idleMs: null,
    },
    requestLimits: {
      parameterBytes: 4 * 1024 * 1024,
      parameterValues: 65_536,
      parameterDepth: 64,
      documents: 500_000,
    },
    timeoutMs: null,
  }
}

async function started(): Promise<{ gateway: GatewayHandle; client: Client }> {
  const gateway = await startGateway(spec(0))
  const client = new Client({ host: `grpc://127.0.0.1:${gateway.ports[0]!}` })
  open.push({ close: () => gateway.close({ graceMs: 0 }) }, client)
  return { gateway, client }
}

/** An echo pod on this thread. */
async function echo(): Promise<Listener> {
  const listener = await listen(
    { kind: 'port' },
    {
      handle: async (request) => request.answer(),
      describe: () => ({ endpoints: ['/default'], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
    },
  )
  open.push(listener)
  return listener
}

describe('a gateway in its own thread', () => {
  test('answers requests with a pod on this thread, and reports when the pod is gone', async () => {
    const { gateway, client } = await started()
    const pod = await echo()
    const description = await gateway.add('exec', 'exec/rep-0', pod.address)
    expect(description.endpoints).toEqual(['/default'])
    expect((await client.post('/foo', [{ text: 'hello' }])).texts).toEqual(['hello'])

    const event = deferred<unknown>()
    gateway.onEvent(event.resolve)
    await pod.close()
    expect(await event.promise).toMatchObject({ kind: 'lost', stage: 'exec', pod: 'exec/rep-0' })
    await expect(client.post('/foo', [{ text: 'hello' }])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a taken port rejects with PORT_IN_USE and leaves no thread', async () => {
    const { gateway } = await started()
    await expect(startGateway(spec(gateway.ports[0]!))).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(gateway.ports[0]!)),
    })
  })

  test('refuses a stage it does not know, and an address that cannot cross threads', async () => {
    const { gateway } = await started()
    const { port1 } = new MessageChannel()
    await expect(gateway.add('nobody', 'nobody/rep-0', { kind: 'port', port: port1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const service = { describe: () => expect.unreachable() } as never
    await expect(gateway.add('exec', 'exec/rep-0', { kind: 'memory', service })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  test('a removed pod gets no more requests', async () => {
    const { gateway, client } = await started()
    const pod = await echo()
    await gateway.add('exec', 'exec/rep-0', pod.address)
    await gateway.remove('exec', 'exec/rep-0', { graceMs: 1000 })
    await expect(client.post('/foo', [{ text: 'hello' }])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('reports when and why its thread has ended', async () => {
    const { gateway } = await started()
    await gateway.close({ graceMs: 0 })
    expect(await gateway.ended).toMatchObject({ expected: true })
    await expect(gateway.remove('exec', 'exec/rep-0', { graceMs: 0 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })
})
