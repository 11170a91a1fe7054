import { expect, test } from 'vitest'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { seeded } from '../lib/seeded.js'
import { ConnectionLost } from '../call/connection-lost.js'
import { DataRequest } from '../wire/data-request.js'
import { Budget } from './budget.js'
import { type FakeChannel, fakeChannel } from './fakes.suite.js'
import { Pool } from './pool.js'
import { retrying } from './retry.js'

/** A stage of so many replicas that a test plays. */
function stage(replicas: number) {
  const clock = new HandClock()
  const random = seeded(1)
  const queue = { maxRequests: 1000, maxBytes: 1e6, maxWaitMs: 2000, perReplica: 100 }
  const pool = new Pool({ stage: 'exec', policy: 'round-robin', queue, timeoutSendMs: null, clock, random })
  const channels = Array.from({ length: replicas }, (_, index) => {
    const channel = fakeChannel()
    const { exitTracker } = pool.add(`exec/rep-${index}`, channel, { reportsExit: true })
    exitTracker.exited({ reason: 'exited with code 7', output: [], isFromOutside: false })
    return channel
  })
  pool.expect({ expecting: true, why: '' })
  const handle = retrying({
    pool,
    retries: -1,
    maxLostReplicas: 2,
    clock,
    random,
    budget: new Budget({ clock, share: 0, reserve: 100 }),
    isWrite: (endpoint) => endpoint === '/index',
    attempt: (request, call, itinerary) => pool.send(request, call, itinerary),
  })
  const outcomes: string[] = []
  const ask = (scope = new Scope(Number.POSITIVE_INFINITY, {})): void => {
    const index = outcomes.push('open') - 1
    handle(DataRequest.create({ endpoint: '/search' }), scope).then(
      () => (outcomes[index] = 'ok'),
      (error: unknown) => (outcomes[index] = MillraceError.from(error).code),
    )
  }
  return { clock, pool, channels, ask, outcomes }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** The connection to a replica is lost, with all that it had. */
async function lose(channel: FakeChannel): Promise<void> {
  const cause = new ConnectionLost('read ECONNRESET')
  for (const { fail } of channel.waiting.splice(0)) fail(new MillraceError('UNAVAILABLE', 'gone', { cause }))
  channel.lose('read ECONNRESET')
  await settle()
}

async function answerAll(channel: FakeChannel): Promise<void> {
  for (const { answer } of channel.waiting.splice(0)) answer()
  await settle()
}

test('requests that were lost together run alone, one after the other, and others meanwhile elsewhere', async () => {
  const { channels, ask, outcomes } = stage(3)
  const [first, second, third] = channels as [FakeChannel, FakeChannel, FakeChannel]
  for (let request = 0; request < 9; request++) ask()
  await answerAll(second)
  await answerAll(third)
  await lose(first)
  const held = second.waiting.length === 1 ? second : third
  const other = held === second ? third : second
  expect([held.waiting.length, other.waiting.length]).toEqual([1, 0])
  ask()
  ask()
  await settle()
  expect([held.waiting.length, other.waiting.length]).toEqual([1, 2])
  for (let rest = 2; rest >= 0; rest--) {
    await answerAll(held)
    expect(held.waiting.length).toBe(rest === 0 ? 0 : 1)
  }
  await answerAll(other)
  expect(outcomes).toEqual(Array.from({ length: 11 }, () => 'ok'))
  for (let request = 0; request < 4; request++) ask()
  await settle()
  expect([held.waiting.length, other.waiting.length]).toEqual([2, 2])
})

test('the cause of two lost replicas is refused, and those that were lost with it are answered', async () => {
  const { channels, ask, outcomes } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  for (let request = 0; request < 4; request++) ask()
  await answerAll(second)
  await lose(first)
  expect(second.waiting.length).toBe(1)
  await lose(second)
  expect(outcomes.filter((outcome) => outcome === 'POISON_REQUEST')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1)
})

test('a replica that was ended from outside, or nobody knows how, counts half', async () => {
  const { ask, outcomes, pool } = stage(0)
  ask()
  for (let loss = 1; loss <= 4; loss++) {
    const channel = fakeChannel()
    const { exitTracker } = pool.add(`exec/rep-${loss}`, channel, { reportsExit: loss % 2 === 0 })
    exitTracker.exited({ reason: 'was killed by SIGKILL', output: [], isFromOutside: true })
    await settle()
    expect([outcomes, channel.waiting.length]).toEqual([['open'], 1])
    await lose(channel)
  }
  expect(outcomes).toEqual(['POISON_REQUEST'])
})

test('the cause of two lost replicas is refused though forty were lost together', async () => {
  const { channels, ask, outcomes } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  for (let request = 0; request < 80; request++) ask()
  await answerAll(second)
  await lose(first)
  for (let turn = 0; turn < 25; turn++) await answerAll(second)
  expect(second.waiting.length).toBe(1)
  await lose(second)
  expect(outcomes.filter((outcome) => outcome === 'POISON_REQUEST')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(14)
})

test('many that were lost together run in sixteen groups once they have waited for two seconds', async () => {
  const { channels, ask, outcomes, clock } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  for (let request = 0; request < 80; request++) ask()
  await answerAll(second)
  await lose(first)
  clock.move(2000)
  await answerAll(second)
  const groups: number[] = []
  while (second.waiting.length > 0) {
    groups.push(second.waiting.length)
    await answerAll(second)
  }
  expect(groups.reduce((sum, one) => sum + one)).toBe(39)
  expect(Math.max(...groups)).toBe(3)
  expect(outcomes.every((outcome) => outcome === 'ok')).toBe(true)
})

test('a replica that does not become idle is used beside what it has, after two seconds', async () => {
  const { channels, ask, clock } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  for (let request = 0; request < 4; request++) ask()
  await lose(first)
  expect(second.waiting.length).toBe(2)
  clock.move(2000)
  await settle()
  expect(second.waiting.length).toBe(3)
})

test('a request that takes long does not keep others waiting for as long', async () => {
  const { channels, ask, clock } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  for (let request = 0; request < 4; request++) ask()
  await answerAll(second)
  await lose(first)
  expect(second.waiting.length).toBe(1)
  clock.move(5000)
  await settle()
  expect(second.waiting.length).toBe(2)
  clock.move(5000)
  ask()
  await settle()
  expect(second.waiting.length).toBe(3)
})

test('who leaves while it waits is not sent, and lets go of the replica', async () => {
  const { channels, ask, outcomes } = stage(2)
  const [first, second] = channels as [FakeChannel, FakeChannel]
  const scope = new Scope(Number.POSITIVE_INFINITY, {})
  ask(scope)
  ask()
  await lose(first.waiting.length > 0 ? first : second)
  scope.abort(new MillraceError('CANCELLED', 'left'))
  await settle()
  expect(outcomes[0]).toBe('CANCELLED')
  ask()
  await settle()
  expect(second.waiting.length).toBe(2)
})

test('without a replica they wait for one, and are refused when there is none to come', async () => {
  const { channels, ask, outcomes, pool } = stage(1)
  ask()
  ask()
  await lose(channels[0]!)
  expect(outcomes).toEqual(['open', 'open'])
  const successor = fakeChannel()
  const { exitTracker } = pool.add('exec/successor', successor, { reportsExit: true })
  exitTracker.exited({ reason: 'exited with code 7', output: [], isFromOutside: false })
  await settle()
  expect(successor.waiting.length).toBe(1)
  await answerAll(successor)
  await lose(successor)
  pool.expect({ expecting: false, why: 'it is over' })
  await settle()
  expect(outcomes).toEqual(['ok', 'POISON_REQUEST'])
})
