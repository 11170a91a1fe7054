import { describe, expect, test } from 'vitest'
import type { Metadata } from '@grpc/grpc-js'
import type { Handler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { gatewaysOfTests, pod, request, type TestClient } from './fixture.suite.js'

const { startedGateway } = gatewaysOfTests()
const single = '/jina.JinaSingleDataRequestRPC/process_single_data'

/** A pod that answers when it is told to. */
function held(): { handle: Handler; waiting: (() => void)[]; arrived(count: number): Promise<void> } {
  const waiting: (() => void)[] = []
  let wanted = { count: 0, seen: deferred() }
  return {
    waiting,
    arrived(count) {
      wanted = { count, seen: deferred() }
      if (waiting.length >= count) wanted.seen.resolve()
      return wanted.seen.promise
    },
    handle: (data) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(data.answer()))
        if (waiting.length >= wanted.count) wanted.seen.resolve()
      }),
  }
}

describe('a Flow that is full', () => {
  test('refuses a unary request with RESOURCE_EXHAUSTED and says when to send again', async () => {
    const { handle, waiting, arrived } = held()
    const { client } = await startedGateway(
      { exec: pod(handle) },
      { queue: { maxRequests: 1, maxBytes: 1e6 } },
    )
    const first = client.send(request())
    await arrived(1)
    let trailers: Metadata | undefined
    await expect(
      client.unary(single, request().encode(), { trailers: (metadata) => (trailers = metadata) }),
    ).rejects.toMatchObject({ code: 8, details: expect.stringContaining('1 requests are in it') })
    expect(Number(trailers!.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(0)
    expect(trailers!.get('millrace-code')).toEqual(['RESOURCE_EXHAUSTED'])
    waiting[0]!()
    await first
    const next = client.send(request())
    await arrived(2)
    waiting[1]!()
    await next
  })

  test('counts bytes too, and one request always goes through', async () => {
    const { handle, waiting, arrived } = held()
    const { client } = await startedGateway(
      { exec: pod(handle) },
      { queue: { maxRequests: 10, maxBytes: 1000 } },
    )
    const first = client.send(request('/foo', ['x'.repeat(2000)]))
    await arrived(1)
    await expect(client.send(request())).rejects.toMatchObject({ code: 8 })
    waiting[0]!()
    await first
  })

  test('slows a stream down instead of failing it, and answers all of it', async () => {
    const { handle, waiting, arrived } = held()
    const { client } = await startedGateway(
      { exec: pod(handle) },
      { queue: { maxRequests: 2, maxBytes: 1e6 } },
    )
    const stream = client.duplex()
    for (let index = 0; index < 20; index++) stream.write(request('/foo', [`t${index}`]).encode())
    stream.end()
    const texts: string[] = []
    stream.on('data', (bytes: Buffer) => texts.push(DataRequest.decode(bytes).docs.texts[0]!))
    const ended = deferred()
    stream.on('end', ended.resolve)
    for (let turn = 0; turn < 20; turn++) {
      await arrived(turn + 1)
      expect(waiting.length).toBeLessThanOrEqual(turn + 2)
      waiting[turn]!()
    }
    await ended.promise
    expect(texts.sort()).toEqual(Array.from({ length: 20 }, (_, index) => `t${index}`).sort())
  })

  test('lets several streams in by turns', async () => {
    const order: string[] = []
    const { handle, waiting, arrived } = held()
    const recording: Handler = (data, call) => {
      order.push(data.docs.texts[0]!)
      return handle(data, call)
    }
    const { client } = await startedGateway(
      { exec: pod(recording) },
      { queue: { maxRequests: 1, maxBytes: 1e6 } },
    )
    const greedy = client.duplex()
    const ended = [deferred(), deferred()]
    greedy.on('data', () => {}).on('end', ended[0]!.resolve)
    for (let index = 0; index < 10; index++) greedy.write(request('/foo', [`greedy`]).encode())
    greedy.end()
    await arrived(1)
    const modest = client.duplex()
    modest.on('data', () => {}).on('end', ended[1]!.resolve)
    modest.write(request('/foo', ['modest']).encode())
    modest.end()
    for (let turn = 0; turn < 11; turn++) {
      await arrived(turn + 1)
      waiting[turn]!()
    }
    await Promise.all(ended.map(({ promise }) => promise))
    expect(order.indexOf('modest')).toBeLessThan(5)
  })
})

describe('a stage without a replica', () => {
  /** A request to a stage whose only replica was taken away, and which expects another one. */
  async function waitingRequest() {
    const { gateway, client } = await startedGateway({ exec: pod() })
    await gateway.remove('exec', 'exec/rep-0', { graceMs: 0 })
    await gateway.expect('exec', { expecting: true, why: '' })
    const demand = deferred<unknown>()
    gateway.onEvent(demand.resolve)
    return { gateway, client, demand, answer: client.send(request()) }
  }

  test('that expects one lets requests wait for it and says so, but is not ready', async () => {
    const { gateway, client, demand, answer } = await waitingRequest()
    expect(await demand.promise).toEqual({ kind: 'demand', stage: 'exec' })
    expect(await gateway.status()).toMatchObject([{ name: 'exec', waiting: 1, replicas: [] }])
    await expect(client.send(request('_jina_dry_run_'))).rejects.toMatchObject({ code: 14 })
    await gateway.add('exec', 'exec/rep-0', { kind: 'memory', service: pod() })
    expect((await answer).docs.texts).toEqual(['a'])
  })

  test('that expects none any more refuses those that wait, and says why', async () => {
    const { gateway, demand, answer } = await waitingRequest()
    await demand.promise
    await gateway.expect('exec', { expecting: false, why: 'its restarts are used up' })
    await expect(answer).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('its restarts are used up'),
    })
  })

  test('takes a new replica of a name while the old one still finishes', async () => {
    const { handle, waiting, arrived } = held()
    const { gateway, client } = await startedGateway({ exec: pod(handle) })
    const first = client.send(request())
    await arrived(1)
    const removed = gateway.remove('exec', 'exec/rep-0', { graceMs: 10_000 })
    await gateway.add('exec', 'exec/rep-0', {
      kind: 'memory',
      service: pod(undefined, { endpoints: ['/foo'] }),
    })
    expect((await client.send(request())).docs.texts).toEqual(['a'])
    waiting[0]!()
    await Promise.all([first, removed])
    expect((await client.send(request())).docs.texts).toEqual(['a'])
  })
})

describe('a replica that is lost while it has a request', () => {
  const lost: Handler = () => Promise.reject(new MillraceError('UNAVAILABLE', 'gone'))

  async function twoReplicas(
    endpoints: readonly string[],
  ): Promise<{ client: TestClient; ran: () => number }> {
    let ran = 0
    const counting: Handler = (data, call) => {
      ran++
      return ran === 1 ? lost(data, call) : Promise.resolve(data.answer())
    }
    const service = pod(counting, { endpoints })
    const { gateway, client } = await startedGateway({ exec: service })
    await gateway.add('exec', 'exec/rep-1', { kind: 'memory', service })
    return { client, ran: () => ran }
  }

  test('costs a read nothing', async () => {
    const { client, ran } = await twoReplicas(['/search'])
    expect((await client.send(request('/search'))).docs.texts).toEqual(['a'])
    expect(ran()).toBe(2)
  })

  test('leaves the outcome of a write unknown, and says so in a code of its own', async () => {
    const { client, ran } = await twoReplicas(['/default'])
    let trailers: Metadata | undefined
    await expect(
      client.unary(single, request('/index').encode(), { trailers: (metadata) => (trailers = metadata) }),
    ).rejects.toMatchObject({ code: 2, details: expect.stringContaining('lost while it ran a write') })
    expect(trailers!.get('millrace-code')).toEqual(['OUTCOME_UNKNOWN'])
    expect(ran()).toBe(1)
  })

  test('costs nothing where the Executor says that its /index is no write', async () => {
    const { client, ran } = await twoReplicas(['/index'])
    await client.send(request('/index'))
    expect(ran()).toBe(2)
  })
})
