import { afterEach, describe, expect, test } from 'vitest'
import { streaming, withText } from '../call/call.suite.js'
import type { Call, Handler, Service } from '../call/call.js'
import type { Observer } from '../call/observation.js'
import { Witness } from '../call/witness.suite.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { gatewaySpec, pod, request, stageSpec, TestClient } from './fixture.suite.js'
import { createGateway } from './gateway.js'
import type { GatewaySpec, StageSpec } from './spec.js'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

interface Observed {
  /** By the name of a stage or shard; replicas are `NAME/rep-0`, `NAME/rep-1`. */
  readonly pods: Readonly<Record<string, readonly Service[]>>
  readonly stages?: readonly StageSpec[]
  readonly spec?: Partial<GatewaySpec>
  readonly observers?: readonly Observer[]
}

/** Replicas are picked in their order. */
async function started({ pods, stages, spec, observers = [] }: Observed): Promise<{
  witness: Witness
  client: TestClient
  warnings: string[]
}> {
  const witness = new Witness()
  const warnings: string[] = []
  const gateway = createGateway(
    gatewaySpec(stages ?? Object.keys(pods).map((name) => stageSpec(name, { balance: 'round-robin' })), spec),
    {
      observers: [...observers, witness],
      random: () => 0,
      logger: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message) },
    },
  )
  const port = (await gateway.listen()).ports[0]!
  for (const [name, services] of Object.entries(pods)) {
    for (const [index, service] of services.entries())
      await gateway.add(name, `${name}/rep-${index}`, { kind: 'memory', service })
  }
  const client = new TestClient(port)
  endings.push(async () => {
    client.close()
    await gateway.close({ graceMs: 0 })
  })
  return { witness, client, warnings }
}

const single = '/jina.JinaSingleDataRequestRPC/process_single_data'
const failing =
  (error: MillraceError): Handler =>
  () =>
    Promise.reject(error)
const lost = failing(new MillraceError('UNAVAILABLE', 'it is gone'))

/** Answers when `release` is called; fails when its call is aborted. */
function held(): { handle: Handler; release: () => void; arrived: Promise<void> } {
  const [gate, arrival] = [deferred(), deferred()]
  return {
    release: gate.resolve,
    arrived: arrival.promise,
    handle: (data, call) =>
      new Promise((resolve, reject) => {
        arrival.resolve()
        call.onAbort({ abort: reject })
        void gate.promise.then(() => resolve(data.answer()))
      }),
  }
}

describe('an observed request', () => {
  test('has a span for each stage, with one for its try, and says where it came from', async () => {
    const { witness, client } = await started({ pods: { one: [pod()], two: [pod()] } })
    await client.send(request(), { 'x-tenant': 'acme' })
    expect(witness.lines).toEqual([
      'request /foo OK',
      '  gate.entered',
      '  stage one OK',
      '    try 1 one/rep-0 OK',
      '  stage two OK',
      '    try 1 two/rep-0 OK',
    ])
    expect(witness.arrivals).toEqual([
      {
        protocol: 'grpc',
        client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        headers: expect.objectContaining({ 'x-tenant': 'acme' }),
      },
    ])
    expect(witness.faults).toEqual([])
  })

  test('gives the next hop the headers of its span, over those of the caller', async () => {
    const seen: Call['headers'][] = []
    const { client } = await started({
      pods: {
        exec: [
          pod(async (data, { headers }) => {
            seen.push(headers)
            return data.answer()
          }),
        ],
      },
    })
    await client.send(request(), { 'x-tenant': 'acme', traceparent: 'outside' })
    expect(seen).toEqual([expect.objectContaining({ 'x-tenant': 'acme', traceparent: 'span-3' })])
  })

  test('ends with the failure of an Executor', async () => {
    const refused: Handler = async (data) => {
      const answer = data.answer()
      answer.status = { code: 'ERROR', description: 'no' }
      return answer
    }
    const { witness, client } = await started({
      pods: { exec: [pod(refused)], never: [pod()] },
    })
    await client.send(request())
    expect(witness.lines).toEqual([
      'request /foo EXECUTOR_FAILED',
      '  gate.entered',
      '  stage exec EXECUTOR_FAILED',
      '    try 1 exec/rep-0 EXECUTOR_FAILED',
    ])
    expect(witness.faults).toEqual([])
  })

  test('hears of a retry between its tries', async () => {
    const { witness, client } = await started({ pods: { exec: [pod(lost), pod()] } })
    await client.send(request())
    expect(witness.lines).toEqual([
      'request /foo OK',
      '  gate.entered',
      '  stage exec OK',
      '    try 1 exec/rep-0 UNAVAILABLE',
      '    retry 1 UNAVAILABLE false',
      '    try 2 exec/rep-1 OK',
    ])
    expect(witness.faults).toEqual([])
  })

  test('has two tries side by side with a hedge, and the slower one is cancelled', async () => {
    const hedge = { afterMs: 1, afterPercentile: null, budget: 1 }
    const { handle, release } = held()
    const { witness, client } = await started({
      pods: { exec: [pod(handle), pod()] },
      stages: [stageSpec('exec', { balance: 'round-robin', hedge })],
    })
    await client.send(request())
    release()
    expect(witness.lines).toEqual([
      'request /foo OK',
      '  gate.entered',
      '  stage exec OK',
      '    try 1 exec/rep-0 CANCELLED',
      '    hedge 1',
      '    try 2 exec/rep-1 OK',
    ])
    expect(witness.faults).toEqual([])
  })

  test('has a span for each shard, and hears what became of them', async () => {
    const { witness, client } = await started({
      pods: { 'exec/shard-0': [pod()], 'exec/shard-1': [pod(failing(new MillraceError('INTERNAL', 'x')))] },
      stages: [
        stageSpec('exec', { shards: 2, polling: { '*': 'ALL' }, onShardFailure: 'partial', retries: 0 }),
      ],
    })
    await client.send(request())
    expect(witness.lines).toEqual([
      'request /foo OK',
      '  gate.entered',
      '  stage exec OK',
      '    shard exec/shard-0 OK',
      '      try 1 exec/shard-0/rep-0 OK',
      '    shard exec/shard-1 INTERNAL',
      '      try 1 exec/shard-1/rep-0 INTERNAL',
      '    shards.gathered 1 0 1 0 0',
    ])
    expect(witness.faults).toEqual([])
  })

  test('ends its other shards first when one has failed', async () => {
    const { witness, client } = await started({
      pods: {
        'exec/shard-0': [pod(held().handle)],
        'exec/shard-1': [pod(failing(new MillraceError('INTERNAL', 'x')))],
      },
      stages: [stageSpec('exec', { shards: 2, polling: { '*': 'ALL' }, retries: 0 })],
    })
    await expect(client.send(request())).rejects.toThrow()
    expect(witness.lines).toContain('    shards.gathered 0 0 1 0 1')
    expect(witness.lines).toContain('    shard exec/shard-0 CANCELLED')
    expect(witness.faults).toEqual([])
  })

  test('hears each document of a stream, in each stage', async () => {
    const two = streaming(async function* (data) {
      yield withText(data, 'a')
      yield withText(data, 'b')
    })
    const { witness, client } = await started({ pods: { one: [pod(two)], two: [pod(two)] } })
    const stream = client.items(
      '/jina.JinaSingleDocumentRequestRPC/stream_doc',
      Buffer.concat(request().encodeSingleDocument()),
    )
    stream.resume()
    await new Promise((resolve) => stream.on('end', resolve))
    const withoutBytes = witness.lines.map((line) => line.replace(/(item \d+) \d+/, '$1'))
    const later = ['  stage two OK', '    try 1 two/rep-0 OK']
    expect(withoutBytes.filter((line) => line.startsWith('  stage'))).toEqual([
      '  stage one OK',
      '  stage two OK',
      '  stage two OK',
    ])
    expect(withoutBytes.filter((line) => /^ {2}stream/.test(line))).toEqual(
      [1, 2, 3, 4].map((number) => `  stream.item ${number}`),
    )
    expect(withoutBytes).toEqual(expect.arrayContaining(later))
    expect(witness.faults).toEqual([])
  })

  test('ends at once when its deadline passes, what is below first', async () => {
    // a deadline of the client's own would race with the cancel that the client sends when it passes
    const { witness, client } = await started({
      pods: { exec: [pod(held().handle)] },
      spec: { timeoutMs: 2000 },
    })
    await expect(client.unary(single, request().encode())).rejects.toMatchObject({ code: 4 })
    await expect.poll(() => witness.lines[0]).toBe('request /foo DEADLINE_EXCEEDED')
    expect(witness.faults).toEqual([])
  })

  test('ends at once when its client leaves, what is below first', async () => {
    const { witness, client } = await started({ pods: { exec: [pod(held().handle)] } })
    const call = client.cancellable(single, request('/left').encode())
    await expect.poll(() => witness.lines.at(-1)).toBe('    try 1 exec/rep-0 open')
    call.cancel()
    await expect.poll(() => witness.lines.at(-1)).toBe('    try 1 exec/rep-0 CANCELLED')
    expect(witness.spans.at(-1)!.lines[0]).toBe('request /left CANCELLED')
    expect(witness.faults).toEqual([])
  })
})

describe('an observed queue', () => {
  test('tells of requests that the gate refuses, and of those of a stream that wait at it', async () => {
    const { handle, release, arrived } = held()
    const { witness, client } = await started({
      pods: { exec: [pod(handle)] },
      spec: { queue: { maxRequests: 1, maxBytes: 1e6 } },
    })
    const first = client.send(request('/first'))
    await arrived
    await expect(client.send(request('/second'))).rejects.toMatchObject({ code: 8 })
    expect(witness.spans[1]!.lines).toEqual([
      'request /second RESOURCE_EXHAUSTED',
      '  gate.refused RESOURCE_EXHAUSTED',
    ])
    const stream = client.duplex()
    const answered = new Promise((resolve) => stream.once('data', resolve))
    stream.write(request('/third').encode())
    await expect.poll(() => witness.spans).toHaveLength(3)
    release()
    await Promise.all([first, answered])
    stream.end()
    await new Promise((resolve) => stream.on('end', resolve))
    expect(witness.spans[2]!.lines.slice(0, 3)).toEqual([
      'request /third OK',
      '  gate.queued 0',
      '  gate.entered',
    ])
    expect(witness.faults).toEqual([])
  })

  test('tells of requests that wait for a replica, and of those that get none', async () => {
    const { handle, release, arrived } = held()
    const { witness, client } = await started({
      pods: { exec: [pod(handle)] },
      stages: [
        stageSpec('exec', { queue: { maxRequests: 1, maxBytes: 1e6, maxWaitMs: 2000, perReplica: 1 } }),
      ],
    })
    const first = client.send(request('/first'))
    await arrived
    const second = client.send(request('/second'))
    await expect.poll(() => witness.lines).toContain('    replica.queued 0')
    await expect(client.send(request('/third'))).rejects.toMatchObject({ code: 8 })
    release()
    await Promise.all([first, second])
    expect(witness.spans[1]!.lines.slice(2)).toEqual([
      '  stage exec OK',
      '    replica.queued 0',
      '    try 1 exec/rep-0 OK',
    ])
    expect(witness.spans[2]!.lines.slice(2)).toEqual([
      '  stage exec RESOURCE_EXHAUSTED',
      '    replica.refused RESOURCE_EXHAUSTED',
    ])
    expect(witness.faults).toEqual([])
  })
})

test('an observer hears when a replica is ejected', async () => {
  const broken = pod(failing(new MillraceError('INTERNAL', 'x')))
  const { witness, client } = await started({ pods: { exec: [broken, pod()] } })
  for (let sent = 0; sent < 10; sent++) await client.send(request()).catch(() => {})
  expect(witness.replicas[0]).toEqual({
    name: 'replica.state',
    stage: 'exec',
    pod: 'exec/rep-0',
    state: 'ejected',
  })
})

describe('an observer that throws', () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const observers: Record<string, Observer> = {
    'when a request comes': { request: broken },
    'at a child': { request: () => ({ child: broken, event: () => {}, end: () => {} }) },
    'at an event': { request: () => ({ child: broken, event: broken, end: () => {} }) },
    'at the end': { request: () => ({ child: broken, event: () => {}, end: broken }) },
    'for its headers': {
      request: () => ({
        get headers() {
          return broken()
        },
        child: broken,
        event: () => {},
        end: () => {},
      }),
    },
    'about a replica': { request: () => undefined, replica: broken },
  }
  test.each(Object.entries(observers))(
    '%s breaks no request and no other observer',
    async (_when, observer) => {
      const { witness, client, warnings } = await started({
        pods: { exec: [pod(lost), pod()] },
        observers: [observer],
      })
      for (let sent = 0; sent < 12; sent++) {
        expect((await client.send(request())).docs.texts).toEqual(['a'])
      }
      expect(witness.spans.map(({ lines }) => lines[0])).toEqual(Array(12).fill('request /foo OK'))
      expect(witness.faults).toEqual([])
      expect(warnings).toHaveLength(1)
    },
  )
})

test('without an observer no call is observed', async () => {
  const observations: unknown[] = []
  const gateway = createGateway(gatewaySpec([stageSpec('exec')]))
  const port = (await gateway.listen()).ports[0]!
  const service = pod(async (data, call) => {
    observations.push(call.observation)
    return data.answer()
  })
  await gateway.add('exec', 'exec/rep-0', { kind: 'memory', service })
  const client = new TestClient(port)
  await client.send(request())
  client.close()
  await gateway.close({ graceMs: 0 })
  expect(observations).toEqual([undefined])
})
