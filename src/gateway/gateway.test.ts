import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import type { Service } from '../call/call.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { listen } from '../transport/index.js'
import { DataRequest } from '../wire/data-request.js'
import { gatewaySpec, gatewaysOfTests, pod, request, stageSpec, TestClient } from './fixture.suite.js'
import { createGateway } from './gateway.js'

const { open, startedGateway } = gatewaysOfTests()

const failing = (message: string): Service =>
  pod(async (data) => {
    const answer = data.answer()
    answer.status = { code: 'ERROR', description: message }
    return answer
  })

describe('one request', () => {
  test('goes through every stage and says so in its routes', async () => {
    const { client } = await startedGateway({ first: pod(), second: pod() })
    const sent = request('/foo', ['a', 'b'])
    const answer = await client.send(sent)
    expect(answer.requestId).toBe(sent.requestId)
    expect(answer.docs.texts).toEqual(['a', 'b'])
    expect(answer.routes.map(({ executor }) => executor)).toEqual(['gateway', 'first', 'second'])
    expect(answer.routes.every(({ startTime, endTime }) => startTime! <= endTime!)).toBe(true)
  })

  test('goes along the edges of the stages, in whatever order they are listed', async () => {
    const stages = [
      { ...stageSpec('c'), needs: ['b'] },
      { ...stageSpec('a'), needs: ['gateway'] },
      { ...stageSpec('b'), needs: ['a'] },
    ]
    const gateway = createGateway({ ...gatewaySpec([]), stages })
    const client = new TestClient((await gateway.listen()).ports[0]!)
    open.push({ gateway, client })
    for (const { name } of stages)
      await gateway.add(name, `${name}/rep-0`, { kind: 'memory', service: pod() })
    const { routes } = await client.send(request())
    expect(routes.map(({ executor }) => executor)).toEqual(['gateway', 'a', 'b', 'c'])
  })

  test.each([
    ['before the end of its connection is seen', false],
    ['after the end of its connection', true],
  ])('finds a pod that exited counted as lost once, when that is told %s', async (_when, isClosed) => {
    const ended = deferred()
    const gateway = createGateway(
      gatewaySpec([stageSpec('a')], { metrics: { port: 0, host: '127.0.0.1', auth: false } }),
    )
    const { ports, metricsPort } = await gateway.listen()
    open.push({ gateway, client: new TestClient(ports[0]!) })
    gateway.onEvent(({ kind }) => {
      if (kind === 'lost') ended.resolve()
    })
    const { port1, port2 } = new MessageChannel()
    const listener = await listen({ kind: 'port', port: port1 }, pod())
    await gateway.add('a', 'a/rep-0', { kind: 'port', port: port2 })
    if (isClosed) {
      await listener.close({ graceMs: 0 })
      await ended.promise
    }
    const exit = { reason: 'exited with code 1', output: [], isFromOutside: true }
    await gateway.remove('a', 'a/rep-0', { graceMs: 0, exit })
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    expect(text).toContain('millrace_replicas_lost_total{stage="a"} 1\n')
  })

  test('of a gateway whose stages need each other is never taken: it is refused when it is made', () => {
    const stages = [stageSpec('a', { needs: ['b'] }), stageSpec('b', { needs: ['a'] })]
    expect(() => createGateway({ ...gatewaySpec([]), stages })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining("'a' needs 'b' needs 'a'"),
      }),
    )
  })

  test('goes through branches, and close() waits for what no answer waited for', async () => {
    const released = deferred()
    let logged = 0
    const stages = [
      stageSpec('a'),
      stageSpec('b'),
      stageSpec('end', { needs: ['a', 'b'], passThrough: true }),
      stageSpec('log', { needs: ['end'], floating: true }),
    ]
    const gateway = createGateway({ ...gatewaySpec([]), stages })
    const client = new TestClient((await gateway.listen()).ports[0]!)
    const slow = pod(async (data) => {
      await released.promise
      logged++
      return data.answer()
    })
    for (const name of ['a', 'b', 'log'])
      await gateway.add(name, `${name}/rep-0`, { kind: 'memory', service: name === 'log' ? slow : pod() })
    const { routes } = await client.send(request())
    expect(routes.map(({ executor }) => executor)).toEqual(['gateway', 'a', 'end', 'log', 'b'])
    client.close()
    const closed = gateway.close({ graceMs: 60_000 })
    expect(logged).toBe(0)
    released.resolve()
    await closed
    expect(logged).toBe(1)
  })

  test('is answered with status ERROR when an executor fails, and later stages are not visited', async () => {
    let visited = 0
    const last = pod(async (data) => {
      visited++
      return data.answer()
    })
    const { client } = await startedGateway({ first: failing('boom'), second: last })
    let isError: unknown
    const bytes = await client.unary(
      '/jina.JinaSingleDataRequestRPC/process_single_data',
      request().encode(),
      {
        trailers: (metadata) => {
          isError = metadata.get('is-error')
        },
      },
    )
    const answer = DataRequest.decode(bytes)
    expect(answer.status).toMatchObject({ code: 'ERROR', description: 'boom' })
    expect(answer.routes.map(({ executor, status }) => [executor, status?.code])).toEqual([
      ['gateway', undefined],
      ['first', 'ERROR'],
    ])
    expect(visited).toBe(0)
    expect(isError).toEqual(['true'])
  })

  test('passes its documents on byte for byte, whatever they are', async () => {
    let seen: Uint8Array | undefined
    const { client } = await startedGateway({
      only: pod(async (data) => {
        seen = data.data
        return data.answer()
      }),
    })
    // field 4 with bytes that are no documents
    const bytes = Uint8Array.from([10, 3, 10, 1, 120, 34, 5, 255, 1, 2, 3, 4])
    const answer = DataRequest.decode(
      await client.unary('/jina.JinaSingleDataRequestRPC/process_single_data', bytes),
    )
    expect([...seen!]).toEqual([255, 1, 2, 3, 4])
    expect([...answer.data!]).toEqual([255, 1, 2, 3, 4])
  })

  test('that is no protobuf message is refused with INVALID_ARGUMENT', async () => {
    const { client } = await startedGateway({ only: pod() })
    await expect(
      client.unary('/jina.JinaSingleDataRequestRPC/process_single_data', Uint8Array.from([10, 200])),
    ).rejects.toMatchObject({ code: 3, details: expect.stringContaining('protobuf') })
  })

  test('that finds no replica ends with UNAVAILABLE and names the stage, as Jina does', async () => {
    const { gateway, client } = await startedGateway({ lonely: pod() })
    await gateway.remove('lonely', 'lonely/rep-0', { graceMs: 1000 })
    await expect(client.send(request())).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining(
        '|Gateway: Communication error with deployment lonely at address(es) {',
      ),
    })
  })

  test('that takes longer than timeoutSendMs ends with DEADLINE_EXCEEDED and aborts the executor', async () => {
    const aborted = deferred<unknown>()
    const slow = pod((_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      return new Promise(() => {})
    })
    // long enough for the request to reach the pod on a busy machine
    const { client } = await startedGateway({ slow }, { stage: { timeoutSendMs: 1000 } })
    await expect(client.send(request())).rejects.toMatchObject({
      code: 4,
      details: expect.stringContaining('could be established, but timed out'),
    })
    expect(await aborted.promise).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('of a client that goes away aborts the executor', async () => {
    const began = deferred()
    const aborted = deferred<unknown>()
    const { client } = await startedGateway({
      slow: pod((_, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason))
        began.resolve()
        return new Promise(() => {})
      }),
    })
    const call = client.cancellable('/jina.JinaSingleDataRequestRPC/process_single_data', request().encode())
    await began.promise
    call.cancel()
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' })
  })

  test('carries its deadline and headers to the executor, without those of the connection', async () => {
    const seen = deferred<{ deadline: number; headers: object }>()
    const { client } = await startedGateway({
      only: pod(async (data, { deadline, headers }) => {
        seen.resolve({ deadline, headers })
        return data.answer()
      }),
    })
    const began = Date.now()
    const deadline = began + 10_000
    await client.unary('/jina.JinaSingleDataRequestRPC/process_single_data', request().encode(), {
      headers: { tenant: 'a' },
      deadline,
    })
    const { deadline: arrived, headers } = await seen.promise
    expect(headers).toEqual({ tenant: 'a' })
    // later by no more than the request took; clocks have whole milliseconds
    expect(arrived - deadline).toBeGreaterThanOrEqual(-2)
    expect(arrived - deadline).toBeLessThanOrEqual(Date.now() - began)
  })
})

describe('a Call stream', () => {
  test('answers in order of completion, or in order of the requests when the client asks for it', async () => {
    const gates = new Map<string, () => void>()
    const gated = pod(async (data) => {
      await new Promise<void>((resolve) => gates.set(data.docs.texts[0]!, resolve))
      return data.answer()
    })
    const { client } = await startedGateway({ gated })
    const run = async (headers: Record<string, string>): Promise<string[]> => {
      const stream = client.duplex(undefined, headers)
      const arrived: string[] = []
      for (const text of ['a', 'b']) stream.write(request('/foo', [text]).encode())
      stream.end()
      const bothThere = deferred()
      const timer = setInterval(() => gates.size === 2 && bothThere.resolve(), 1)
      await bothThere.promise
      clearInterval(timer)
      gates.get('b')!()
      setImmediate(() => gates.get('a')!())
      for await (const bytes of stream) arrived.push(DataRequest.decode(bytes as Buffer).docs.texts[0]!)
      gates.clear()
      return arrived
    }
    expect(await run({})).toEqual(['b', 'a'])
    expect(await run({ __results_in_order__: 'true' })).toEqual(['a', 'b'])
  })

  test('works on no more requests at once than __prefetch__ says', async () => {
    let now = 0
    let most = 0
    const { client } = await startedGateway({
      only: pod(async (data) => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setImmediate(resolve))
        now--
        return data.answer()
      }),
    })
    const stream = client.duplex(undefined, { __prefetch__: '3' })
    for (let index = 0; index < 40; index++) stream.write(request().encode())
    stream.end()
    let answers = 0
    for await (const _ of stream) answers++
    expect(answers).toBe(40)
    expect(most).toBeLessThanOrEqual(3)
    expect(most).toBeGreaterThan(1)
  })

  test('goes on after an executor failed', async () => {
    const { client } = await startedGateway({
      only: pod(async (data) => {
        const answer = data.answer()
        if (data.docs.texts[0] === 'bad') answer.status = { code: 'ERROR', description: 'bad' }
        return answer
      }),
    })
    const stream = client.duplex(undefined, { __results_in_order__: 'true' })
    for (const text of ['a', 'bad', 'b']) stream.write(request('/foo', [text]).encode())
    stream.end()
    const codes: unknown[] = []
    for await (const bytes of stream) codes.push(DataRequest.decode(bytes as Buffer).status?.code)
    expect(codes).toEqual([undefined, 'ERROR', undefined])
  })

  test('ends with the status of the road when that fails', async () => {
    const { client } = await startedGateway({
      only: pod(() => Promise.reject(new MillraceError('UNAVAILABLE', 'the pod is gone'))),
    })
    const stream = client.duplex()
    stream.write(request().encode())
    await expect(
      (async () => {
        for await (const _ of stream) expect.unreachable()
      })(),
    ).rejects.toMatchObject({ code: 14, details: expect.stringContaining('the pod is gone') })
  })
})

describe('closing', () => {
  test('answers what is in flight, refuses new requests, and ends idle streams', async () => {
    const began = deferred()
    const gate = deferred()
    const { gateway, client } = await startedGateway({
      slow: pod(async (data) => {
        began.resolve()
        await gate.promise
        return data.answer()
      }),
    })
    const idle = client.duplex()
    idle.on('data', () => {})
    const ended = new Promise((resolve) => idle.on('error', resolve))
    idle.write(request().encode())
    const answered = new Promise((resolve) => idle.on('data', resolve))
    await began.promise
    const closing = gateway.close({ graceMs: 10_000 })
    gate.resolve()
    await answered
    expect(await ended).toMatchObject({ code: 14 })
    await closing
    await expect(client.send(request())).rejects.toMatchObject({ code: 14 })
  })

  test('does not wait longer than graceMs', async () => {
    const began = deferred()
    const { gateway, client } = await startedGateway({
      stuck: pod(() => {
        began.resolve()
        return new Promise(() => {})
      }),
    })
    const failed = expect(client.send(request())).rejects.toMatchObject({ code: 14 })
    await began.promise
    await gateway.close({ graceMs: 10 })
    await failed
  })
})

describe('the port', () => {
  test('that is taken is an error that names it', async () => {
    const { client } = await startedGateway({ only: pod() })
    const { gatewaySpec, grpcListener } = await import('./fixture.suite.js')
    const second = createGateway(gatewaySpec([], { listeners: [grpcListener(client.port)] }))
    await expect(second.listen()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(client.port)),
    })
    await second.close({ graceMs: 0 })
  })
})

describe('an external server', () => {
  test('that is up takes part in the first request', async () => {
    const { gatewaySpec, stageSpec, TestClient: Client } = await import('./fixture.suite.js')
    const gateway = createGateway(
      gatewaySpec([
        stageSpec('theirs', {
          external: [{ shard: 0, address: { kind: 'memory', service: pod() }, discover: 'static' }],
        }),
      ]),
    )
    const client = new Client((await gateway.listen()).ports[0]!)
    open.push({ gateway, client })
    expect((await client.send(request('/foo', ['a']))).docs.texts).toEqual(['a'])
  })
})
