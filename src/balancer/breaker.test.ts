import { describe, expect, test } from 'vitest'
import { Breaker, type BreakerRules } from './breaker.js'
import { HandClock } from '../lib/hand-clock.suite.js'

function breaker(rules: Partial<BreakerRules> = {}, mayEject = () => true) {
  const clock = new HandClock()
  const states: string[] = []
  const one: Breaker = new Breaker({ clock, mayEject, changed: () => states.push(one.state), rules })
  const times = (count: number, work: () => void): void => {
    for (let time = 0; time < count; time++) work()
  }
  return {
    clock,
    states,
    breaker: one,
    answered: (count = 1) => times(count, () => one.answered()),
    failed: (count = 1) => times(count, () => one.failed()),
  }
}

describe('a breaker', () => {
  test('leaves its probing to reads for a second, and then to writes as well', () => {
    const { breaker: one, failed, clock } = breaker()
    failed(5)
    expect(one.isForReads).toBe(false)
    clock.move(1000)
    expect([one.state, one.isForReads]).toEqual(['probing', true])
    clock.move(1000)
    expect([one.state, one.isForReads]).toEqual(['probing', false])
  })

  test('opens after five failures in a row, however many answers there were before', () => {
    const { breaker: one, answered, failed } = breaker()
    answered(1000)
    failed(4)
    answered()
    failed(4)
    expect(one.state).toBe('closed')
    failed()
    expect(one.state).toBe('open')
  })

  test('opens when half of the requests in the window failed, if they are enough to tell', () => {
    const { breaker: one, answered, failed } = breaker()
    for (let round = 0; round < 4; round++) {
      answered()
      failed()
    }
    expect(one.state).toBe('closed')
    answered()
    failed()
    expect(one.state).toBe('open')
  })

  test('forgets what is older than its window', () => {
    const { breaker: one, clock, answered, failed } = breaker()
    failed(4)
    answered()
    clock.move(10_000)
    for (let round = 0; round < 4; round++) {
      answered()
      failed()
    }
    expect(one.state).toBe('closed')
  })

  test('probes after its rest, closes after three successes in a row', () => {
    const { clock, states, answered, failed } = breaker()
    failed(5)
    clock.move(999)
    expect(states).toEqual(['open'])
    clock.move(1)
    answered(2)
    expect(states).toEqual(['open', 'probing'])
    answered()
    expect(states).toEqual(['open', 'probing', 'closed'])
  })

  test('rests twice as long each time the probe fails, up to the longest rest', () => {
    const { breaker: one, clock, failed } = breaker({ longestRestMs: 4000 })
    failed(5)
    for (const rest of [1000, 2000, 4000, 4000]) {
      clock.move(rest - 1)
      expect(one.state).toBe('open')
      clock.move(1)
      expect(one.state).toBe('probing')
      failed()
    }
  })

  test('forgets its ejections after a window without failures', () => {
    const { breaker: one, clock, answered, failed } = breaker()
    failed(5)
    clock.move(1000)
    answered(3)
    clock.move(10_000)
    answered()
    failed(5)
    clock.move(1000)
    expect(one.state).toBe('probing')
  })

  test('stays closed when no further replica may be ejected', () => {
    const { breaker: one, failed } = breaker({}, () => false)
    failed(100)
    expect(one.state).toBe('closed')
  })
})
