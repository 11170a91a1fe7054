import { afterEach, expect, test } from 'vitest'
import { HandClock } from '../lib/hand-clock.suite.js'
import { fakeChannel } from '../balancer/fakes.suite.js'
import { Pool } from '../balancer/pool.js'
import { deferred } from '../lib/deferred.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import { Liveness } from './liveness.js'

const queue = { maxRequests: 10, maxBytes: 1000, maxWaitMs: 2000, perReplica: 10 }
let liveness: Liveness | undefined

afterEach(() => liveness?.close())

function watched() {
  const clock = new HandClock()
  const pool = new Pool({
    stage: 'exec',
    policy: 'round-robin',
    queue,
    timeoutSendMs: null,
    clock,
    random: Math.random,
  })
  const told: string[] = []
  liveness = new Liveness(pool, {
    silentMs: 2000,
    clock,
    onSilent: (pod, ms) => told.push(`${pod} ${ms}`),
  })
  const pong = deferred<readonly BatchFigures[]>()
  const endpoint = pool.add('exec/rep-0', { ...fakeChannel(), ping: () => pong.promise })
  pool.add('exec/rep-1', fakeChannel())
  return { clock, pool, told, pong, endpoint }
}

/** A second at a time, with room for pings to be answered. */
async function seconds(clock: HandClock, count: number): Promise<void> {
  for (let second = 0; second < count; second++) {
    await settle()
    clock.move(1000)
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

test('a replica that does not answer its ping is silent, and told again every second', async () => {
  const { clock, told, endpoint } = watched()
  await seconds(clock, 2)
  expect(told).toEqual([])
  await seconds(clock, 3)
  expect(told).toEqual(['exec/rep-0 2000', 'exec/rep-0 3000', 'exec/rep-0 4000'])
  expect(endpoint.health.state).toBe('silent')
})

test('a replica that answers again is heard again', async () => {
  const { clock, told, pong, endpoint } = watched()
  await seconds(clock, 3)
  pong.resolve([])
  await seconds(clock, 2)
  expect(told).toHaveLength(1)
  expect(endpoint.health.state).toBe('ready')
})

test('time in which this thread was held up itself does not count', async () => {
  const { told, pool, endpoint } = watched()
  liveness!.close()
  // a clock whose timers all come ten seconds late
  const late = new HandClock()
  liveness = new Liveness(pool, {
    silentMs: 2000,
    clock: {
      ...late,
      now: () => late.now(),
      monotonic: () => late.now(),
      after: (_, wake) => late.after(10_000, wake),
    },
    onSilent: (pod, ms) => told.push(`${pod} ${ms}`),
  })
  await seconds(late, 60)
  expect(told).toEqual([])
  expect(endpoint.health.state).toBe('ready')
})
