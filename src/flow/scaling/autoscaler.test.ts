import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import type { Autoscale } from '../../plan/resilience.js'
import { Autoscaler } from './autoscaler.js'

const options: Autoscale = { min: 1, max: 8, target: 2, upDelayMs: 1000, downDelayMs: 5000 }

function scaled(given: Partial<Autoscale> = {}) {
  const clock = new HandClock()
  const autoscaler = new Autoscaler({ ...options, ...given }, clock)
  let replicas = Math.max(1, given.min ?? 1)
  /** Looks every 250 ms for so long; does what is said. */
  const run = (ms: number, load: number): number => {
    for (let passed = 0; passed < ms; passed += 250) {
      replicas = autoscaler.observe({ load, replicas }) ?? replicas
      clock.move(250)
    }
    return replicas
  }
  return { run, autoscaler }
}

describe('up', () => {
  it('only when more were wanted for the whole delay', () => {
    const { run } = scaled()
    expect(run(1000, 8)).toBe(1)
    expect(run(250, 8)).toBe(4)
  })

  it('not when the load falls for a moment in between', () => {
    const { run } = scaled()
    run(750, 8)
    run(250, 2)
    expect(run(1000, 8)).toBe(1)
  })

  it('as many as were wanted at least', () => {
    const { run } = scaled()
    run(750, 100)
    expect(run(500, 6)).toBe(3)
  })

  it('never more than max', () => {
    expect(scaled().run(2000, 1000)).toBe(8)
  })
})

describe('down', () => {
  it('only when fewer were wanted for the whole delay, and to as many as were wanted at most', () => {
    const { run } = scaled({ min: 2 })
    run(2000, 12)
    expect(run(1000, 12)).toBe(6)
    run(2500, 4)
    run(250, 8)
    expect(run(2250, 4)).toBe(6)
    expect(run(250, 4)).toBe(4)
  })

  it('never fewer than min, and to none when min is 0', () => {
    expect(scaled().run(10_000, 0)).toBe(1)
    expect(scaled({ min: 0 }).run(10_000, 0)).toBe(0)
  })
})

it('from none at once', () => {
  const { run } = scaled({ min: 0 })
  run(10_000, 0)
  expect(run(250, 7)).toBe(1)
})

it('a load that is off by a tenth changes nothing', () => {
  const { run } = scaled({ max: 100 })
  run(3000, 40)
  expect(run(20_000, 43)).toBe(20)
  expect(run(20_000, 37)).toBe(20)
})

test('whatever the load, the number stays between min and max', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { maxLength: 200 }),
      fc.nat(4),
      fc.integer({ min: 4, max: 20 }),
      (loads, min, max) => {
        const { run } = scaled({ min, max, upDelayMs: 0, downDelayMs: 250 })
        for (const load of loads) {
          const replicas = run(250, load)
          expect(replicas).toBeGreaterThanOrEqual(min)
          expect(replicas).toBeLessThanOrEqual(max)
        }
      },
    ),
  )
})
