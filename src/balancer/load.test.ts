import { expect, test } from 'vitest'
import { HandClock } from '../lib/hand-clock.suite.js'
import { Load } from './load.js'

function answeredIn(load: Load, clock: HandClock, ms: number): void {
  const began = load.began()
  clock.move(ms)
  load.answered(began)
}

test('a latency is not known before the first answer', () => {
  const clock = new HandClock()
  const load = new Load({ clock })
  load.began()
  expect(load.latencyMs).toBe(-1)
  clock.move(50)
  expect(load.latencyMs).toBe(50) // it will take at least that long
  load.failed()
  expect(load.latencyMs).toBe(-1)
})

test('one hiccup counts for little, several for what they are', () => {
  const clock = new HandClock()
  const load = new Load({ clock })
  for (let round = 0; round < 30; round++) answeredIn(load, clock, 10)
  expect(load.latencyMs).toBeCloseTo(10)
  answeredIn(load, clock, 200)
  expect(load.latencyMs).toBeLessThan(20)
  for (let round = 0; round < 90; round++) answeredIn(load, clock, 200)
  expect(load.latencyMs).toBeGreaterThan(180)
})

test('a replica is not compared by its first answers, which are slow', () => {
  const clock = new HandClock()
  const load = new Load({ clock })
  answeredIn(load, clock, 90)
  for (let round = 0; round < 3; round++) answeredIn(load, clock, 10)
  expect(load.latencyMs).toBe(-1)
  expect(load.averageMs).toBeCloseTo(30, 0) // for people
  answeredIn(load, clock, 10)
  expect(load.latencyMs).toBeCloseTo(26, 0)
  clock.move(60_000)
  expect(load.averageMs).toBeCloseTo(26, 0)
})

test('after a pause the next answer counts for all', () => {
  const clock = new HandClock()
  const load = new Load({ clock, decayMs: 1000 })
  for (let round = 0; round < 30; round++) answeredIn(load, clock, 500)
  clock.move(10_000)
  answeredIn(load, clock, 20)
  expect(load.latencyMs).toBeCloseTo(20, 1)
})

test('without requests the latency falls, so that a slow replica is tried again', () => {
  const clock = new HandClock()
  const load = new Load({ clock, decayMs: 1000 })
  for (let round = 0; round < 30; round++) answeredIn(load, clock, 500)
  const before = load.latencyMs
  clock.move(1000)
  expect(load.latencyMs).toBeCloseTo(before / Math.E)
})

test('idle resolves when the last request has ended', async () => {
  const load = new Load({ clock: new HandClock() })
  await load.idle()
  const first = load.began()
  load.began()
  let idle = false
  const wait = load.idle().then(() => {
    idle = true
  })
  load.answered(first)
  await Promise.resolve()
  expect(idle).toBe(false)
  load.failed()
  await wait
  expect(load.inFlight).toBe(0)
})

test('a replica that answers nothing of what it has looks slower from second to second', () => {
  const clock = new HandClock()
  const load = new Load({ clock })
  const first = load.began()
  clock.move(10)
  load.answered(first)
  load.began()
  clock.move(500)
  expect(load.latencyMs).toBe(500)
  clock.move(30_000)
  expect(load.latencyMs).toBe(30_500)
})

test('a request that nobody waited for to the end counts with the time it had', () => {
  const clock = new HandClock()
  const load = new Load({ clock })
  const began = load.began()
  clock.move(200)
  load.abandoned(began)
  expect(load.inFlight).toBe(0)
  expect(load.latencyMs).toBe(200)
})
