import { describe, expect, test } from 'vitest'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import { DataRequest } from '../wire/data-request.js'
import { fakeChannel, HandClock } from './fakes.suite.js'
import { seeded } from './policies/policy.suite.js'
import type { PolicyName } from './policies/index.js'
import { Pool } from './pool.js'

const call = new Scope(Number.POSITIVE_INFINITY, {})
const request = (): DataRequest => DataRequest.create({ endpoint: '/foo' })

function pool(policy: PolicyName = 'least-in-flight'): { pool: Pool; clock: HandClock } {
  const clock = new HandClock()
  return { pool: new Pool({ stage: 'exec', policy, clock, random: seeded(1) }), clock }
}

describe('a pool', () => {
  test('without replicas rejects with UNAVAILABLE and the name of the stage', async () => {
    await expect(pool().pool.handle(request(), call)).rejects.toMatchObject({
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
    const answers = [1, 2, 3, 4].map(() => exec.handle(request(), call))
    expect([one.waiting.length, two.waiting.length]).toEqual([2, 2])
    for (const { answer } of [...one.waiting, ...two.waiting]) answer()
    await Promise.all(answers)
  })

  test('says which replica failed', async () => {
    const { pool: exec } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const answer = exec.handle(request(), call)
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
    for (let round = 0; round < 4; round++) void exec.handle(request(), call)
    expect([one.waiting.length, two.waiting.length]).toEqual([0, 4])
    two.lose('it died, too')
    await two.closed
    await expect(exec.handle(request(), call)).rejects.toMatchObject({
      message: expect.stringContaining('exec/rep-0, exec/rep-1'),
    })
  })

  test('removes a replica: no more requests at once, closed when the last one was answered', async () => {
    const { pool: exec } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const answer = exec.handle(request(), call)
    const removed = exec.remove('exec/rep-0', { graceMs: 1000 })
    await expect(exec.handle(request(), call)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
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
    void exec.handle(request(), call)
    const removed = exec.remove('exec/rep-0', { graceMs: 1000 })
    clock.move(1000)
    await removed
    expect(channel.isClosed()).toBe(true)
  })

  test('says UNAVAILABLE, not CANCELLED, for a request whose replica was taken away', async () => {
    const { pool: exec } = pool()
    const channel = fakeChannel()
    exec.add('exec/rep-0', channel)
    const answer = exec.handle(request(), call)
    channel.waiting[0]!.fail(new MillraceError('CANCELLED', 'This end closed the connection.'))
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })

  test('refuses a second replica of the same name', () => {
    const { pool: exec } = pool()
    exec.add('exec/rep-0', fakeChannel())
    expect(() => exec.add('exec/rep-0', fakeChannel())).toThrow(/already/)
  })
})

test('with power of two, a replica ten times slower than three others hardly delays requests', () => {
  const clock = new HandClock()
  const slow = runFor(clock, 'power-of-two')
  expect(slow / 2000).toBeLessThan(0.1)
  expect(runFor(new HandClock(), 'round-robin') / 2000).toBeCloseTo(0.25)
})

/** 2,000 requests in virtual time, one a millisecond, to three replicas of 10 ms and one of 100 ms; how many went to that. */
function runFor(clock: HandClock, policy: PolicyName): number {
  const exec = new Pool({ stage: 'exec', policy, clock, random: seeded(5) })
  const { endpoints } = exec
  for (const name of ['a', 'b', 'c', 'slow']) exec.add(name, fakeChannel())
  let slow = 0
  for (let round = 0; round < 2000; round++) {
    const endpoint = exec.pick()!
    if (endpoint.name === 'slow') slow++
    const began = endpoint.load.began()
    clock.after(endpoint.name === 'slow' ? 100 : 10, () => endpoint.load.answered(began))
    clock.move(1)
  }
  expect(endpoints.ready).toHaveLength(4)
  return slow
}
