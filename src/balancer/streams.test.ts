import { describe, expect, test } from 'vitest'
import type { Handler } from '../call/call.js'
import { callOf, Items } from '../call/call.suite.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { seeded } from '../lib/seeded.js'
import { DataRequest } from '../wire/data-request.js'
import { Budget } from './budget.js'
import { fakeChannel } from './fakes.suite.js'
import { hedged } from './hedge.js'
import { Pool, type PoolOptions } from './pool.js'
import { retrying } from './retry.js'

const gone = (): MillraceError => new MillraceError('UNAVAILABLE', 'the pod is gone')

interface StageOptions extends Partial<PoolOptions> {
  readonly replicas?: number
  readonly hedgeAfterMs?: number
}

/** A stage whose replicas a test plays: retries, hedges when it is told to, and a pool. */
function stage({ replicas = 2, hedgeAfterMs, ...more }: StageOptions = {}) {
  const clock = new HandClock()
  const random = seeded(1)
  const pool = new Pool({
    stage: 'exec',
    policy: 'round-robin',
    queue: { maxRequests: 2, maxBytes: 1e6, maxWaitMs: 2000, perReplica: 10 },
    timeoutSendMs: null,
    clock,
    random,
    ...more,
  })
  const channels = Array.from({ length: replicas }, (_, index) => {
    const channel = fakeChannel()
    pool.add(`exec/rep-${index}`, channel)
    return channel
  })
  const hedge = { pool, afterPercentile: null, budget: 1, clock }
  const handle: Handler = retrying({
    pool,
    retries: -1,
    maxLostReplicas: 2,
    clock,
    random,
    budget: new Budget({ clock, share: 0, reserve: 100 }),
    isWrite: (endpoint) => endpoint === '/index',
    attempt:
      hedgeAfterMs === undefined
        ? (request, call, itinerary) => pool.send(request, call, itinerary)
        : hedged({ ...hedge, afterMs: hedgeAfterMs }),
  })
  const stream = (items: Items, endpoint = '/search'): Promise<DataRequest> =>
    handle(DataRequest.create({ endpoint }), callOf({ items }))
  return { clock, pool, channels, stream, taken: () => channels.map(({ sent }) => sent) }
}

/** Lets promises settle until nothing happens any more. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

describe('a stream', () => {
  test('gives documents as they come, and its closing answer', async () => {
    const { channels, stream, pool } = stage()
    const items = new Items()
    const closing = stream(items)
    const [request] = channels[0]!.waiting
    void request!.give('a')
    expect(items.texts).toEqual(['a'])
    void request!.give('b')
    expect(pool.load().replicas[0]).toMatchObject({ inFlight: 1 })
    request!.answer()
    await closing
    expect(items.texts).toEqual(['a', 'b'])
    // how long it lasted says nothing about how fast the replica answers
    expect(pool.load().replicas[0]).toMatchObject({ inFlight: 0, latencyMs: null })
  })

  test('of a replica that is lost before the first document goes to another one', async () => {
    const { channels, stream } = stage()
    const items = new Items()
    const closing = stream(items)
    channels[0]!.waiting[0]!.fail(gone())
    await settle()
    void channels[1]!.waiting[0]!.give('a')
    channels[1]!.waiting[0]!.answer()
    await closing
    expect(items.texts).toEqual(['a'])
  })

  test('of a replica that is lost after the first document ends: nobody gets a document twice', async () => {
    const { channels, stream, taken } = stage()
    const closing = stream(new Items())
    void channels[0]!.waiting[0]!.give('a')
    channels[0]!.waiting[0]!.fail(gone())
    await expect(closing).rejects.toMatchObject({ code: 'UNAVAILABLE', where: { pod: 'exec/rep-0' } })
    expect(taken()).toEqual([1, 0])
  })

  test('that writes is not sent again when its replica is lost: OUTCOME_UNKNOWN', async () => {
    const { channels, stream, taken } = stage()
    const closing = stream(new Items(), '/index')
    channels[0]!.waiting[0]!.fail(gone())
    await expect(closing).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(taken()).toEqual([1, 0])
  })

  test('that breaks counts against its replica, like a request', async () => {
    const { channels, stream, pool } = stage({ breaker: { inARow: 2 } })
    for (const replica of [0, 1, 0]) {
      const closing = stream(new Items())
      const streamed = channels[replica]!.waiting.pop()!
      void streamed.give('a')
      if (replica === 0) {
        streamed.fail(gone())
        await expect(closing).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      } else {
        streamed.answer()
        await closing
      }
    }
    expect(pool.load().replicas.map(({ state }) => state)).toEqual(['ejected', 'ready'])
  })

  test('waits in the queue of its stage, which refuses what is too much', async () => {
    const { channels, stream, pool } = stage({ replicas: 0 })
    pool.expect({ expecting: true, why: '' })
    const streams = [1, 2].map(() => stream(new Items()))
    await expect(stream(new Items())).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', notRun: true })
    expect(pool.load().waiting).toBe(2)
    const channel = fakeChannel()
    pool.add('exec/rep-0', channel)
    for (const request of channel.waiting) request.answer()
    await Promise.all(streams)
    expect(channels).toEqual([])
  })
})

describe('the time limit of a stage', () => {
  test('is for the first document: then another replica is tried', async () => {
    const { clock, channels, stream, taken } = stage({ timeoutSendMs: 100 })
    const items = new Items()
    const closing = stream(items)
    clock.move(100)
    await settle()
    expect(taken()).toEqual([1, 1])
    void channels[1]!.waiting[0]!.give('a')
    channels[1]!.waiting[0]!.answer()
    await closing
    expect(items.texts).toEqual(['a'])
  })

  test('is for the time between two documents, not for the whole stream', async () => {
    const { clock, channels, stream, taken } = stage({ timeoutSendMs: 100 })
    const items = new Items()
    const closing = stream(items)
    for (const text of ['a', 'b', 'c']) {
      clock.move(99)
      void channels[0]!.waiting[0]!.give(text)
    }
    clock.move(100)
    await expect(closing).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('no further document within 100 ms'),
      where: { pod: 'exec/rep-0' },
    })
    expect(items.texts).toEqual(['a', 'b', 'c'])
    expect(taken()).toEqual([1, 0])
    expect(clock.timers).toBe(0)
  })

  test('does not run while the reader takes nothing', async () => {
    const { clock, channels, stream } = stage({ timeoutSendMs: 100 })
    const room = deferred()
    const closing = stream(new Items(() => room.promise))
    const given = channels[0]!.waiting[0]!.give('a')
    clock.move(1000)
    room.resolve()
    await given
    clock.move(99)
    channels[0]!.waiting[0]!.answer()
    await closing
  })
})

describe('a hedged stream', () => {
  test('goes to another replica while the first gives nothing; the first to give a document wins', async () => {
    const { clock, channels, stream, taken } = stage({ hedgeAfterMs: 20 })
    const items = new Items()
    const closing = stream(items)
    clock.move(20)
    expect(taken()).toEqual([1, 1])
    const [slow, quick] = channels.map(({ waiting }) => waiting[0]!)
    void quick!.give('quick')
    void slow!.give('slow')
    void quick!.give('again')
    quick!.answer()
    await closing
    expect(items.texts).toEqual(['quick', 'again'])
  })

  test('is not hedged once it has given a document', async () => {
    const { clock, channels, stream, taken } = stage({ hedgeAfterMs: 20 })
    const closing = stream(new Items())
    void channels[0]!.waiting[0]!.give('a')
    clock.move(1000)
    expect(taken()).toEqual([1, 0])
    channels[0]!.waiting[0]!.answer()
    await closing
  })

  test('fails with the one whose documents were given, without waiting for the other', async () => {
    const { clock, channels, stream } = stage({ hedgeAfterMs: 20 })
    const closing = stream(new Items())
    clock.move(20)
    void channels[0]!.waiting[0]!.give('a')
    channels[0]!.waiting[0]!.fail(gone())
    await expect(closing).rejects.toMatchObject({ code: 'UNAVAILABLE', where: { pod: 'exec/rep-0' } })
  })

  test('without documents is answered by whichever ends first', async () => {
    const { clock, channels, stream } = stage({ hedgeAfterMs: 20 })
    const items = new Items()
    const closing = stream(items)
    clock.move(20)
    channels[1]!.waiting[0]!.answer()
    await closing
    expect(items.count).toBe(0)
  })
})
