import { describe, expect, test } from 'vitest'
import type { Call, Sender } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { fakeChannel } from './fakes.suite.js'
import { seeded } from '../lib/seeded.js'
import type { PolicyName } from './policies/index.js'
import { type Itinerary, Pool, type PoolOptions } from './pool.js'

const call = new Scope(Number.POSITIVE_INFINITY, {})
const request = (): DataRequest => DataRequest.create({ endpoint: '/foo' })

const queue = { maxRequests: 4, maxBytes: 1000, maxWaitMs: 2000, perReplica: 10 }

function pool(more: Partial<PoolOptions> = {}): { pool: Pool; clock: HandClock } {
  const clock = new HandClock()
  const options = { stage: 'exec', policy: 'least-in-flight', queue, timeoutSendMs: null } as const
  return { pool: new Pool({ ...options, clock, random: seeded(1), ...more }), clock }
}

const read = (): Itinerary => ({ tried: [], write: false })

describe('a pool', () => {
  test('without replicas rejects with UNAVAILABLE and the name of the stage', async () => {
    await expect(pool().pool.send(request(), call, read())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('exec'),
      where: { deployment: 'exec' },
    })
  })

  test('spreads requests over its replicas by what is in flight', async () => {
    const { pool: exec } = pool()
    const [one, two] = [fakeChannel(), fakeChannel()]
    exec.add('exec/rep-0', one)
    exec.add('exec/rep-1', two)
    const answers = [1, 2, 3, 4].map(() => exec.send(request(), call, read()))
    expect([one.waiting.length, two.waiting.length]).toEqual([2, 2])
    for (const { answer } of [...one.waiting, ...two.waiting]) answer()
    await Promise.all(answers)
  })

  test('sends nothing to a replica that does not take what was sent; others take it, or it waits', async () => {
    const { pool: exec } = pool()
    const [blocked, other] = [fakeChannel(), fakeChannel()]
    exec.add('exec/rep-0', blocked)
    blocked.congest(true)
    const waits = exec.send(request(), call, read())
    expect([blocked.sent, exec.load().waiting]).toEqual([0, 1])
    blocked.congest(false)
    blocked.waiting[0]!.answer()
    await waits
    exec.add('exec/rep-1', other)
    blocked.congest(true)
    const answers = [1, 2, 3].map(() => exec.send(request(), call, read()))
    expect([blocked.sent, other.sent]).toEqual([1, 3])
    for (const { answer } of other.waiting) answer()
    await Promise.all(answers)
  })

  test('says which replica failed', async () => {
    const { pool: exec } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const answer = exec.send(request(), call, read())
    channel.waiting[0]!.fail(new MillraceError('UNAVAILABLE', 'gone'))
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE', where: { pod: 'exec/rep-0' } })
  })

  test('does not send to a replica whose connection is lost', async () => {
    const { pool: exec } = pool()
    const [one, two] = [fakeChannel(), fakeChannel()]
    exec.add('exec/rep-0', one)
    exec.add('exec/rep-1', two)
    one.lose('it died')
    await one.closed
    for (let round = 0; round < 4; round++) void exec.send(request(), call, read())
    expect([one.waiting.length, two.waiting.length]).toEqual([0, 4])
    two.lose('it died, too')
    await two.closed
    await expect(exec.send(request(), call, read())).rejects.toMatchObject({
      message: expect.stringContaining('exec/rep-0, exec/rep-1'),
    })
  })

  test('removes a replica: no more requests at once, closed when the last one was answered', async () => {
    const { pool: exec } = pool()
    let flushes = 0
    const channel = Object.assign(fakeChannel(), { flush: () => flushes++ })
    exec.add('exec/rep-0', channel)
    const answer = exec.send(request(), call, read())
    const removed = exec.remove('exec/rep-0', { graceMs: 1000 })
    expect(flushes).toBe(1)
    await expect(exec.send(request(), call, read())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(channel.isClosed()).toBe(false)
    channel.waiting[0]!.answer()
    await answer
    await removed
    expect(channel.isClosed()).toBe(true)
  })

  test('waits for what is in flight at a removed replica no longer than graceMs', async () => {
    const { pool: exec, clock } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    void exec.send(request(), call, read())
    const removed = exec.remove('exec/rep-0', { graceMs: 1000 })
    clock.move(1000)
    await removed
    expect(channel.isClosed()).toBe(true)
  })

  test('says UNAVAILABLE, not CANCELLED, for a request whose replica was taken away', async () => {
    const { pool: exec } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const answer = exec.send(request(), call, read())
    channel.waiting[0]!.fail(new MillraceError('CANCELLED', 'This end closed the connection.'))
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })

  test('waits for room at a replica, in turns of senders, and is started when an answer makes room', async () => {
    const { pool: exec } = pool({ queue: { ...queue, perReplica: 1 } })
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const order: string[] = []
    const from = (name: string, sender: Sender): Promise<unknown> =>
      exec
        .send(request(), new Scope(Number.POSITIVE_INFINITY, {}, sender), read())
        .then(() => order.push(name))
    const [greedy, modest] = [{ patient: false }, { patient: false }]
    const all = [from('g1', greedy), from('g2', greedy), from('g3', greedy), from('m1', modest)]
    expect(exec.load()).toMatchObject({ waiting: 3 })
    for (let turn = 0; turn < 4; turn++) {
      expect(channel.waiting).toHaveLength(turn + 1)
      channel.waiting[turn]!.answer()
      await all[[0, 3, 1, 2][turn]!]
    }
    expect(order).toEqual(['g1', 'm1', 'g2', 'g3'])
  })

  test('refuses with a hint when too many wait, but lets a patient sender wait', async () => {
    const { pool: exec } = pool({ queue: { maxRequests: 1, maxBytes: 1000, maxWaitMs: 2000, perReplica: 1 } })
    exec.add('exec/rep-0', fakeChannel())
    void exec.send(request(), call, read())
    void exec.send(request(), call, read())
    await expect(exec.send(request(), call, read())).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      notRun: true,
      retryAfterMs: expect.any(Number),
      message: expect.stringContaining('exec'),
    })
    void exec.send(request(), new Scope(Number.POSITIVE_INFINITY, {}, { patient: true }), read())
    expect(exec.load().waiting).toBe(2)
  })

  test('counts the bytes that wait', async () => {
    const { pool: exec } = pool({
      queue: { maxRequests: 100, maxBytes: 1000, maxWaitMs: 2000, perReplica: 1 },
    })
    exec.add('exec/rep-0', fakeChannel())
    const large = (): DataRequest => {
      const docs = new DocumentArray([new Document({ text: 'x'.repeat(600) })])
      return DataRequest.decode(DataRequest.create({ endpoint: '/foo', docs }).encode())
    }
    void exec.send(large(), call, read())
    void exec.send(large(), call, read())
    await expect(exec.send(large(), call, read())).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(exec.load().waitingBytes).toBeGreaterThan(600)
  })

  test('sends a replica no more than it says, and more as soon as it says so', async () => {
    const { pool: exec } = pool()
    let limit = 2
    let grow = (): void => {}
    const fake = fakeChannel()
    const channel = Object.defineProperty(
      { ...fake, onCapacity: (listener: () => void) => void (grow = listener) },
      'limit',
      { get: () => limit },
    )
    exec.add('exec/rep-0', channel)
    for (let n = 0; n < 5; n++) void exec.send(request(), call, read())
    expect([fake.waiting.length, exec.load().waiting]).toEqual([2, 3])
    limit = 4
    grow()
    expect([fake.waiting.length, exec.load().waiting]).toEqual([4, 1])
    limit = 1
    for (let n = 0; n < 3; n++) fake.waiting[n]!.answer()
    await settled()
    expect([fake.waiting.length, exec.load().waiting]).toEqual([4, 1])
    fake.waiting[3]!.answer()
    await settled()
    expect([fake.waiting.length, exec.load().waiting]).toEqual([5, 0])
  })

  test('refuses the newest request of who has filled the queue, not the first one of another', async () => {
    const { pool: exec } = pool({ queue: { ...queue, perReplica: 1 } })
    exec.add('exec/rep-0', fakeChannel())
    const [greedy, modest] = [{ patient: false }, { patient: false }]
    const send = (sender: Sender): Promise<unknown> =>
      exec.send(request(), new Scope(Number.POSITIVE_INFINITY, {}, sender), read())
    void send(greedy)
    const queued = Array.from({ length: 4 }, () => send(greedy))
    await expect(send(greedy)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    void send(modest)
    await expect(queued[3]).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', notRun: true })
    expect(exec.load().waiting).toBe(4)
  })

  test('gives up the place of a caller that leaves', async () => {
    const { pool: exec } = pool({ queue: { ...queue, perReplica: 1 } })
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    void exec.send(request(), call, read())
    const scope = new Scope(Number.POSITIVE_INFINITY, {})
    const left = exec.send(request(), scope, read())
    scope.abort(new MillraceError('CANCELLED', 'enough'))
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(exec.load()).toMatchObject({ waiting: 0, waitingBytes: 0 })
    expect(channel.waiting).toHaveLength(1)
  })

  test('waits for a replica that is expected, asks for it, and is refused when none will come', async () => {
    let demands = 0
    const { pool: exec } = pool({ onDemand: () => demands++ })
    exec.expect({ expecting: true, why: '' })
    const answer = exec.send(request(), call, read())
    expect(demands).toBe(1)
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    channel.waiting[0]!.answer()
    await answer
    await exec.remove('exec/rep-0', { graceMs: 0 })
    const refused = exec.send(request(), call, read())
    exec.expect({ expecting: false, why: 'its restarts are used up' })
    await expect(refused).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      notRun: true,
      message: expect.stringContaining('its restarts are used up'),
    })
  })

  test('refuses at once what cannot be answered in time, when it is saturated', async () => {
    const { pool: exec, clock } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const send = (ms: number): Promise<unknown> =>
      exec.send(request(), new Scope(clock.now() + ms, {}), read()).catch((error: unknown) => error)
    const answerOne = async (): Promise<void> => {
      clock.move(100)
      channel.waiting.shift()!.answer()
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
    void send(60_000)
    await answerOne() // alone it takes 100 ms
    for (let more = 0; more < 9; more++) void send(60_000)
    for (let round = 0; round < 60; round++) {
      await answerOne() // nine before each: 900 ms
      void send(60_000)
    }
    expect(await send(500)).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      notRun: true,
      message: expect.stringMatching(/exec answers in about \d+ ms/),
    })
    const inTime = send(1500)
    while (channel.waiting.length > 0) await answerOne()
    expect(await inTime).toBeInstanceOf(DataRequest)
  })

  test('refuses nothing for its deadline while more at once cost no time', async () => {
    const { pool: exec, clock } = pool({ queue: { ...queue, perReplica: 1000 } })
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const send = (): Promise<unknown> => exec.send(request(), new Scope(clock.now() + 1000, {}), read())
    for (const burst of [1, 5, 200, 900]) {
      const all = Array.from({ length: burst }, send)
      clock.move(100)
      for (const { answer } of channel.waiting.splice(0)) answer()
      expect(await Promise.all(all)).toHaveLength(burst)
    }
  })

  test('ends a hop that takes longer than the stage allows, and aborts it at the replica', async () => {
    const { pool: exec, clock } = pool({ timeoutSendMs: 100 })
    const calls: Call[] = []
    const channel = {
      ...fakeChannel(),
      handle: (_: DataRequest, hop: Call) => {
        calls.push(hop)
        return new Promise<never>((_resolve, reject) => hop.onAbort({ abort: reject }))
      },
    }
    exec.add('exec/rep-0', channel)
    const answer = exec.send(request(), call, read())
    clock.move(100)
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', where: { pod: 'exec/rep-0' } })
    expect(calls[0]!.aborted).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('sends nothing to a replica that has said that it leaves', async () => {
    const { pool: exec } = pool()
    const leaving = deferred<{ reason: string }>()
    const [one, two] = [{ ...fakeChannel(), leaving: leaving.promise }, fakeChannel()]
    exec.add('exec/rep-0', one)
    exec.add('exec/rep-1', two)
    leaving.resolve({ reason: 'it is stopping' })
    await leaving.promise
    for (let round = 0; round < 4; round++) void exec.send(request(), call, read())
    expect([one.waiting.length, two.waiting.length]).toEqual([0, 4])
  })

  test('prefers replicas that answer pings, and uses a silent one when there is no other', () => {
    const { pool: exec } = pool()
    const silent = exec.add('exec/rep-0', fakeChannel())
    exec.add('exec/rep-1', fakeChannel())
    silent.health.hear(false)
    for (let round = 0; round < 9; round++) expect(exec.pick(read())!.name).toBe('exec/rep-1')
    expect(exec.load().replicas.map(({ state }) => state)).toEqual(['silent', 'ready'])
    exec.endpoints.unlist('exec/rep-1')
    expect(exec.pick(read())).toBe(silent)
  })

  test('gives a replica that joins busy ones a growing share', () => {
    const { pool: exec, clock } = pool({ policy: 'power-of-two' })
    for (const name of ['a', 'b', 'c']) exec.add(name, fakeChannel())
    for (const { load } of exec.endpoints.all()) load.answered(load.began())
    exec.add('cold', fakeChannel())
    const share = (): number =>
      Array.from({ length: 2000 }, () => {
        const { name, load } = exec.pick(read())!
        const began = load.began()
        clock.move(0.1)
        load.answered(began)
        return name
      }).filter((name) => name === 'cold').length / 2000
    expect(share()).toBeLessThan(0.1)
    clock.move(3000)
    expect(share()).toBeGreaterThan(0.15)
  })

  test('refuses a second replica of the same name', () => {
    const { pool: exec } = pool()
    exec.add('exec/rep-0', fakeChannel())
    expect(() => exec.add('exec/rep-0', fakeChannel())).toThrow(/already/)
  })
})

/** Promises that are settled by now have been heard. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 9; turn++) await Promise.resolve()
}

test('with power of two, a replica ten times slower than three others hardly delays requests', () => {
  const clock = new HandClock()
  const slow = runFor(clock, 'power-of-two')
  expect(slow / 2000).toBeLessThan(0.1)
  expect(runFor(new HandClock(), 'round-robin') / 2000).toBeCloseTo(0.25)
})

/** 2,000 requests in virtual time, one a millisecond, to three replicas of 10 ms and one of 100 ms; how many went to that. */
function runFor(clock: HandClock, policy: PolicyName): number {
  const { pool: exec } = pool({ policy, clock, random: seeded(5), queue: { ...queue, perReplica: 1000 } })
  const { endpoints } = exec
  for (const name of ['a', 'b', 'c', 'slow']) exec.add(name, fakeChannel())
  let slow = 0
  for (let round = 0; round < 2000; round++) {
    const endpoint = exec.pick(read())!
    if (endpoint.name === 'slow') slow++
    const began = endpoint.load.began()
    clock.after(endpoint.name === 'slow' ? 100 : 10, () => endpoint.load.answered(began))
    clock.move(1)
  }
  expect(endpoints.usable).toHaveLength(4)
  return slow
}
