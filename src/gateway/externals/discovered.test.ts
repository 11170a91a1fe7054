import { afterEach, describe, expect, test } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import type { Gateway } from '../contract.js'
import { createGateway } from '../gateway.js'
import { gatewaySpec, grpcListener, pod, request, stageSpec, TestClient } from '../fixture.suite.js'

const open: { close(options: { graceMs: number }): Promise<void> | void }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close({ graceMs: 0 })
})

/** A server at an address of its own of this machine, all with one port; says where it is. */
async function serverAt(host: string, wanted = 0): Promise<{ gateway: Gateway; port: number }> {
  const gateway = createGateway(gatewaySpec([stageSpec('own')], { listeners: [grpcListener(wanted, host)] }))
  open.push(gateway)
  const port = (await gateway.listen()).ports[0]!
  const service = pod(async (data) => {
    const answer = data.answer()
    for (const doc of answer.docs) doc.text = host
    return answer
  })
  await gateway.add('own', 'own/rep-0', { kind: 'memory', service })
  return { gateway, port }
}

/** A gateway that finds the servers of a stage behind the name `indexer`. */
async function finding(port: number, shards = 1) {
  const names: Record<string, readonly string[] | Error> = {}
  const clock = new HandClock()
  const external = Array.from({ length: shards }, (_, shard) => ({
    shard,
    address: { kind: 'grpc', host: `indexer-${shard}`, port, tls: false } as const,
    discover: 'dns' as const,
  }))
  const more = shards === 1 ? {} : { shards, polling: { '*': 'ALL' } as const }
  const gateway = createGateway(gatewaySpec([stageSpec('indexer', { external, ...more })]), {
    clock,
    lookup: async (host) => {
      const found = names[host] ?? []
      if (found instanceof Error) throw found
      return found
    },
  })
  open.push(gateway)
  const replicas = async () =>
    (await gateway.status()).flatMap(({ replicas: some }) => some.map(({ name }) => name))
  const listen = async (): Promise<TestClient> => {
    const client = new TestClient((await gateway.listen()).ports[0]!)
    open.push(client)
    return client
  }
  return { gateway, names, clock, replicas, listen }
}

describe('the servers behind a name', () => {
  test('take part from the first request on, one by one', async () => {
    const one = await serverAt('127.0.0.1')
    await serverAt('127.0.0.2', one.port)
    const { names, listen, replicas } = await finding(one.port)
    names['indexer-0'] = ['127.0.0.1', '127.0.0.2']
    const client = await listen()
    expect(await replicas()).toEqual([`indexer/127.0.0.1:${one.port}`, `indexer/127.0.0.2:${one.port}`])
    const texts = new Set<string>()
    await expect
      .poll(async () => texts.add((await client.send(request('/foo', ['a']))).docs.texts[0]!))
      .toEqual(new Set(['127.0.0.1', '127.0.0.2']))
  })

  test('come and go with the name', async () => {
    const one = await serverAt('127.0.0.1')
    await serverAt('127.0.0.2', one.port)
    const { names, clock, listen, replicas } = await finding(one.port)
    names['indexer-0'] = ['127.0.0.1']
    const client = await listen()
    names['indexer-0'] = ['127.0.0.2']
    clock.move(1000)
    await expect.poll(replicas).toEqual([`indexer/127.0.0.2:${one.port}`])
    expect((await client.send(request('/foo', ['a']))).docs.texts).toEqual(['127.0.0.2'])
  })

  test('stay while the name cannot be looked up', async () => {
    const { port } = await serverAt('127.0.0.1')
    const { names, clock, listen, replicas } = await finding(port)
    names['indexer-0'] = ['127.0.0.1']
    await listen()
    names['indexer-0'] = new Error('EAI_AGAIN')
    for (let look = 0; look < 5; look++) {
      clock.move(1000)
      await Promise.resolve()
    }
    expect(await replicas()).toHaveLength(1)
  })

  test('are gone when nobody is found three times in a row', async () => {
    const { port } = await serverAt('127.0.0.1')
    const { names, clock, listen, replicas } = await finding(port)
    names['indexer-0'] = ['127.0.0.1']
    await listen()
    names['indexer-0'] = []
    const look = async (): Promise<void> => {
      clock.move(1000)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    await look()
    await look()
    expect(await replicas()).toHaveLength(1)
    await look()
    await expect.poll(replicas).toEqual([])
  })

  test('are those of a shard each, where there are shards', async () => {
    const one = await serverAt('127.0.0.1')
    await serverAt('127.0.0.2', one.port)
    const { names, listen, replicas } = await finding(one.port, 2)
    names['indexer-0'] = ['127.0.0.1']
    names['indexer-1'] = ['127.0.0.2']
    const client = await listen()
    expect(await replicas()).toEqual([
      `indexer/shard-0/127.0.0.1:${one.port}`,
      `indexer/shard-1/127.0.0.2:${one.port}`,
    ])
    const { parameters } = await client.send(request('/foo', ['a']))
    expect(parameters.__coverage__).toEqual({ indexer: { total: 2, ok: 2, failed: 0, skipped: 0 } })
  })

  test('are waited for while the only one is replaced', async () => {
    const one = await serverAt('127.0.0.1')
    const { names, clock, listen, replicas } = await finding(one.port)
    names['indexer-0'] = ['127.0.0.1']
    const client = await listen()
    expect(await replicas()).toHaveLength(1)
    // it takes no more requests; its name is still known
    await one.gateway.close({ graceMs: 1000 })
    const answered = client.send(request('/foo', ['a']))
    await serverAt('127.0.0.2', one.port)
    names['indexer-0'] = ['127.0.0.2']
    clock.move(1000)
    expect((await answered).docs.texts).toEqual(['127.0.0.2'])
  })

  test('that nobody has seen for a minute are not waited for', async () => {
    const { clock, listen } = await finding(1)
    const client = await listen()
    const refused = client.send(request('/foo', ['a'])).catch((error: unknown) => error)
    clock.move(60_000)
    expect(await refused).toMatchObject({
      code: 14,
      details: expect.stringContaining('it has had no replica for 60 s'),
    })
  })
})
