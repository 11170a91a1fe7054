import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBuckets } from './token-buckets.js'

describe('a token bucket', () => {
  const options = { perSecond: 10, burst: 3, maxBuckets: 4 }

  it('gives a burst, then as many a second, and says how long to wait', () => {
    const buckets = new TokenBuckets(options)
    expect([1, 2, 3].map(() => buckets.take('a', 1000))).toEqual([0, 0, 0])
    expect(buckets.take('a', 1000)).toBe(100)
    expect(buckets.take('a', 1060)).toBe(40)
    expect(buckets.take('a', 1100)).toBe(0)
    expect(buckets.take('a', 1100)).toBe(100)
    expect([1, 2, 3, 4].map(() => buckets.take('a', 5000))).toEqual([0, 0, 0, 100])
  })

  it('is separate for each key', () => {
    const buckets = new TokenBuckets({ ...options, burst: 1 })
    expect(buckets.take('a', 0)).toBe(0)
    expect(buckets.take('b', 0)).toBe(0)
    expect(buckets.take('a', 0)).toBe(100)
  })

  it('may get into debt, which is paid back before the next token', () => {
    const buckets = new TokenBuckets({ ...options, burst: 1 })
    expect(buckets.charge('a', 0)).toBe(100)
    expect(buckets.charge('a', 0)).toBe(200)
    expect(buckets.take('a', 150)).toBe(50)
    expect(buckets.take('a', 200)).toBe(0)
  })

  it('that is full makes room for another, and a used one does not', () => {
    const buckets = new TokenBuckets({ ...options, burst: 1, maxBuckets: 2 })
    buckets.take('a', 0)
    buckets.take('b', 0)
    expect(buckets.take('c', 100)).toBe(0) // in the place of a, which is full again
    expect(buckets.take('c', 100)).toBe(100)
    expect(buckets.size).toBe(2)
  })

  it('is shared by keys without room for one of their own, so that their number does not help them', () => {
    const buckets = new TokenBuckets({ ...options, burst: 1, maxBuckets: 2 })
    buckets.take('a', 0)
    buckets.take('b', 0)
    expect(buckets.take('c', 10)).toBe(0)
    expect(buckets.take('d', 10)).toBe(100)
    expect(buckets.take('a', 10)).toBe(90)
    expect(buckets.size).toBe(3)
  })
})

it('whatever a key does, it gets no more than its burst and its rate, and never waits longer than it is told', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 100 })
  const rates = fc.record({
    perSecond: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  fc.assert(
    fc.property(rates, gaps, (rate, waits) => {
      const buckets = new TokenBuckets({ ...rate, maxBuckets: 1 })
      let now = 0
      let taken = 0
      for (const gap of waits) {
        now += gap
        const waitMs = buckets.take('a', now)
        if (waitMs === 0) taken++
        else {
          now += Math.ceil(waitMs)
          expect(buckets.take('a', now)).toBe(0)
          taken++
        }
        expect(taken).toBeLessThanOrEqual(rate.burst + (now / 1000) * rate.perSecond + 1e-6)
      }
    }),
  )
})
