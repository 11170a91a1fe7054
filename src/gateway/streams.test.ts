import type { Metadata } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { streaming, withText } from '../call/call.suite.js'
import type { Handler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { gatewaySpec, gatewaysOfTests, pod, request, stageSpec, TestClient } from './fixture.suite.js'
import { createGateway } from './gateway.js'

const { open, startedGateway } = gatewaysOfTests()

interface Outcome {
  readonly texts: readonly string[]
  /** gRPC code of the end. */
  readonly code: number
  readonly details: string
  readonly trailers: Metadata
}

/** One `stream_doc` call, read to its end. */
function streamDoc(client: TestClient, endpoint = '/foo'): Promise<Outcome> {
  const bytes = Buffer.concat(request(endpoint).encodeSingleDocument())
  const stream = client.items('/jina.JinaSingleDocumentRequestRPC/stream_doc', bytes)
  const texts: string[] = []
  stream.on('data', (message: Buffer) => texts.push(...DataRequest.fromSingleDocument(message).docs.texts))
  stream.on('error', () => {}) // told by the status
  return new Promise((resolve) => {
    stream.on('status', ({ code, details, metadata }) =>
      resolve({ texts, code, details, trailers: metadata }),
    )
  })
}

/** Streams that end when they are told to. */
function held(): { handle: Handler; release: () => void; arrived(count: number): Promise<void> } {
  const gate = deferred()
  let count = 0
  let wanted = { count: Number.POSITIVE_INFINITY, seen: deferred() }
  return {
    release: gate.resolve,
    arrived(expected) {
      wanted = { count: expected, seen: deferred() }
      if (count >= expected) wanted.seen.resolve()
      return wanted.seen.promise
    },
    handle: streaming(async function* (data) {
      if (++count >= wanted.count) wanted.seen.resolve()
      yield data.answer()
      await gate.promise
    }),
  }
}

describe('a stream of documents', () => {
  test('takes a place of the Flow: beyond its limit streams are refused, with when to send again', async () => {
    const { handle, release, arrived } = held()
    const { client } = await startedGateway(
      { exec: pod(handle) },
      { queue: { maxRequests: 5, maxBytes: 1e6 } },
    )
    const admitted = [1, 2, 3, 4, 5].map(() => streamDoc(client))
    await arrived(5)
    const refused = await Promise.all(Array.from({ length: 45 }, () => streamDoc(client)))
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([8]))
    expect(refused[0]!.trailers.get('millrace-not-run')).toEqual(['true'])
    expect(Number(refused[0]!.trailers.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(0)
    release()
    expect((await Promise.all(admitted)).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  })

  test('that takes longer than timeoutMs ends with DEADLINE_EXCEEDED and stops the executor', async () => {
    const stopped = deferred<unknown>()
    const endless = streaming(async function* (data, { signal }) {
      yield withText(data, 'first')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      stopped.resolve(signal.reason)
    })
    const { client } = await startedGateway({ exec: pod(endless) }, { timeoutMs: 50 })
    expect(await streamDoc(client)).toMatchObject({
      code: 4,
      details: 'There was no answer within 50 ms.',
      texts: ['first'],
    })
    expect(await stopped.promise).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('that gives no document within timeoutSendMs ends with DEADLINE_EXCEEDED, and says where', async () => {
    const silent = pod((_, call) => new Promise((_resolve, reject) => call.onAbort({ abort: reject })))
    const { client } = await startedGateway({ silent }, { stage: { timeoutSendMs: 20 } })
    expect(await streamDoc(client)).toMatchObject({
      code: 4,
      details: expect.stringContaining('deployment silent'),
    })
  })

  test('whose replica dies before the first document is answered by another one, every time', async () => {
    const gateway = createGateway(gatewaySpec([stageSpec('exec', { balance: 'round-robin' })]))
    const port = (await gateway.listen()).ports[0]!
    const client = new TestClient(port)
    open.push({ gateway, client })
    // oxlint-disable-next-line require-yield -- it dies before
    const dying = streaming(async function* () {
      throw new MillraceError('UNAVAILABLE', 'the pod died')
    })
    const living = streaming(async function* (data) {
      yield withText(data, 'alive')
    })
    for (const [index, handle] of [dying, living].entries())
      await gateway.add('exec', `exec/rep-${index}`, { kind: 'memory', service: pod(handle) })
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => streamDoc(client)))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 0, texts: ['alive'] })
  })

  test('waits while a replica is being replaced', async () => {
    const gateway = createGateway(gatewaySpec([stageSpec('exec')]))
    const port = (await gateway.listen()).ports[0]!
    const client = new TestClient(port)
    open.push({ gateway, client })
    await gateway.expect('exec', { expecting: true, why: '' })
    const outcome = streamDoc(client)
    await expect.poll(async () => (await gateway.status())[0]!.waiting).toBe(1)
    const service = pod(
      streaming(async function* (data) {
        yield withText(data, 'late')
      }),
    )
    await gateway.add('exec', 'exec/rep-0', { kind: 'memory', service })
    expect(await outcome).toMatchObject({ code: 0, texts: ['late'] })
  })

  test('is finished before its replica is removed', async () => {
    const { handle, release, arrived } = held()
    const { client, gateway } = await startedGateway({ exec: pod(handle) })
    const outcome = streamDoc(client)
    await arrived(1)
    const removed = gateway.remove('exec', 'exec/rep-0', { graceMs: 60_000 })
    release()
    await removed
    expect(await outcome).toMatchObject({ code: 0, texts: ['a'] })
  })

  test('ends with the grace of a gateway that closes', async () => {
    const { handle, arrived } = held()
    const { client, gateway } = await startedGateway({ exec: pod(handle) })
    const outcome = streamDoc(client)
    await arrived(1)
    await gateway.close({ graceMs: 20 })
    expect((await outcome).code).not.toBe(0)
  })

  test('whose executor fails ends with a message that says so', async () => {
    const failing: Handler = async (data, { items }) => {
      await items?.push(withText(data, 'fine'))
      const answer = data.answer()
      answer.status = { code: 'ERROR', description: 'not fine' }
      return answer
    }
    const { client } = await startedGateway({ exec: pod(failing) })
    const { code, texts, trailers } = await streamDoc(client)
    expect([code, texts]).toEqual([0, ['fine', 'a']])
    expect(trailers.get('is-error')).toEqual(['true'])
  })

  test('is made as fast as its client reads', async () => {
    let made = 0
    const stopped = deferred()
    const large = streaming(async function* (data, call) {
      call.onAbort({ abort: () => stopped.resolve() })
      for (;;) {
        made++
        yield withText(data, 'x'.repeat(100_000))
      }
    })
    const { client } = await startedGateway({ exec: pod(large) })
    const bytes = Buffer.concat(request().encodeSingleDocument())
    const stream = client.items('/jina.JinaSingleDocumentRequestRPC/stream_doc', bytes)
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    stream.pause()
    let before = -1
    await expect
      .poll(() => {
        const isStill = made === before
        before = made
        return isStill
      })
      .toBe(true)
    // windows of HTTP/2 and of the hop, not the whole stream
    expect(made).toBeLessThan(200)
    stream.cancel()
    await stopped.promise
  })
})

describe('a stream from shards', () => {
  const stage = { shards: 2, polling: { '*': 'ALL' } } as const

  async function sharded(handles: readonly Handler[], more = {}): Promise<TestClient> {
    const gateway = createGateway(gatewaySpec([stageSpec('exec', { ...stage, retries: 0, ...more })]))
    const port = (await gateway.listen()).ports[0]!
    const client = new TestClient(port)
    open.push({ gateway, client })
    for (const [index, handle] of handles.entries())
      await gateway.add(`exec/shard-${index}`, `exec/shard-${index}/rep-0`, {
        kind: 'memory',
        service: pod(handle),
      })
    return client
  }

  const giving = (...texts: readonly string[]): Handler =>
    streaming(async function* (data) {
      for (const text of texts) yield withText(data, text)
    })
  const broken = streaming(async function* (data) {
    yield withText(data, 'before')
    throw new MillraceError('UNAVAILABLE', 'gone')
  })

  test('has the documents of all, and says how many took part', async () => {
    const client = await sharded([giving('a', 'b'), giving('c')])
    const { code, texts, trailers } = await streamDoc(client)
    expect([code, texts.toSorted()]).toEqual([0, ['a', 'b', 'c']])
    expect([trailers.get('total_shards'), trailers.get('failed_shards')]).toEqual([['2'], ['0']])
  })

  test('ends with the failure of one', async () => {
    const client = await sharded([giving('a'), broken])
    expect(await streamDoc(client)).toMatchObject({
      code: 14,
      details: expect.stringContaining('exec/shard-1'),
    })
  })

  test('goes on without one that fails, where the stage says so', async () => {
    const client = await sharded([giving('a'), broken], { onShardFailure: 'partial' })
    const { code, texts, trailers } = await streamDoc(client)
    expect([code, texts.toSorted()]).toEqual([0, ['a', 'before']])
    expect([trailers.get('total_shards'), trailers.get('failed_shards')]).toEqual([['2'], ['1']])
  })
})
