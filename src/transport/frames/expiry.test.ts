import { expect, test } from 'vitest'
import type { Clock } from '../../lib/clock.js'
import { Expiry } from './expiry.js'

class FakeClock implements Clock {
  #now = 1000
  readonly timers: { at: number; wake: () => void }[] = []
  armed = 0

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.armed++
    this.timers.push(timer)
    return () => {
      if (this.timers.includes(timer)) this.timers.splice(this.timers.indexOf(timer), 1)
    }
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of this.timers.splice(0)) {
      if (timer.at <= this.#now) timer.wake()
      else this.timers.push(timer)
    }
  }
}

test('many calls with the same time limit share one timer', () => {
  const clock = new FakeClock()
  const expiry = new Expiry(clock, () => Number.POSITIVE_INFINITY)
  for (let call = 0; call < 100; call++) expiry.watch(clock.now() + 500 + call)
  expect(clock.armed).toBe(1)
})

test('the nearest deadline wakes it, and then the next', () => {
  const clock = new FakeClock()
  const swept: number[] = []
  const deadlines = [1500, 1200, 1900]
  const expiry = new Expiry(clock, (now) => {
    swept.push(now)
    return Math.min(...deadlines.filter((deadline) => deadline > now))
  })
  for (const deadline of deadlines) expiry.watch(deadline)
  for (let step = 0; step < 12; step++) clock.advance(100)
  expect(swept).toEqual([1200, 1500, 1900])
  expect(clock.timers).toEqual([])
})

test('nothing wakes it once it is closed, nor without a deadline', () => {
  const clock = new FakeClock()
  const expiry = new Expiry(clock, () => Number.POSITIVE_INFINITY)
  expiry.watch(Number.POSITIVE_INFINITY)
  expect(clock.timers).toEqual([])
  expiry.watch(1100)
  expiry.close()
  expect(clock.timers).toEqual([])
})
