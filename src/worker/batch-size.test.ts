import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdaptiveSize, fixedSize } from './batch-size.js'

/** Runs full batches that take `fixedMs + eachMs * size`. Returns their sizes. */
function run(size: AdaptiveSize, count: number, { fixedMs = 0, eachMs = 1 } = {}): number[] {
  return Array.from({ length: count }, () => {
    const { current } = size
    size.begin(true)(fixedMs + eachMs * current)
    return current
  })
}

test('doubles until a batch is late, then adds one a batch and takes a tenth off after a late one', () => {
  const size = new AdaptiveSize({ targetMs: 100, most: 1024 })
  expect(run(size, 7)).toEqual([4, 4, 8, 16, 32, 64, 128])
  // 128 ms instead of 100
  expect(run(size, 3)).toEqual([100, 101, 90])
  expect(run(size, 12)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 91])
})

test('the first batch is ignored, however long it takes', () => {
  const size = new AdaptiveSize({ targetMs: 10, most: 64 })
  size.begin(true)(1000)
  expect(size.current).toBe(4)
  size.begin(true)(1)
  expect(size.current).toBe(8)
})

test('a batch that takes far too long halves the size, and never below one', () => {
  const size = new AdaptiveSize({ targetMs: 10, most: 64 })
  expect(run(size, 6, { fixedMs: 1000 })).toEqual([4, 4, 2, 1, 1, 1])
})

test('a batch that was not full adds nothing', () => {
  const size = new AdaptiveSize({ targetMs: 100, most: 64 })
  for (let batch = 0; batch < 20; batch++) size.begin(false)(1)
  expect(size.current).toBe(4)
})

test('of batches that run together only one reduces the size', () => {
  const size = new AdaptiveSize({ targetMs: 100, most: 1024 })
  run(size, 6)
  const { current } = size
  const [one, other] = [size.begin(true), size.begin(true)]
  one(200)
  other(200)
  expect(size.current).toBe(current / 2)
})

test('never exceeds its most; large sizes grow by a hundredth', () => {
  const size = new AdaptiveSize({ targetMs: 100, most: 10_000 })
  run(size, 20, { eachMs: 0.02 })
  const [before] = run(size, 1, { eachMs: 0.02 })
  expect(size.current / before!).toBeCloseTo(1.01, 3)
  const small = new AdaptiveSize({ targetMs: 100, most: 3 })
  expect(run(small, 3)).toEqual([3, 3, 3])
})

test('finds the size that takes as long as the target, whatever a batch and a document cost, also when that changes', () => {
  const cost = fc.record({
    fixedMs: fc.integer({ min: 0, max: 40 }),
    eachMs: fc.double({ min: 0.1, max: 20, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(cost, { minLength: 1, maxLength: 4 }), (costs) => {
      const targetMs = 60
      const size = new AdaptiveSize({ targetMs, most: 100_000 })
      for (const { fixedMs, eachMs } of costs) {
        run(size, 1200, { fixedMs, eachMs })
        const ideal = Math.max(1, (targetMs - fixedMs) / eachMs)
        for (const each of run(size, 60, { fixedMs, eachMs })) {
          expect(each).toBeGreaterThanOrEqual(Math.floor(Math.max(1, 0.8 * ideal - 1)))
          expect(each).toBeLessThanOrEqual(ideal * 1.01 + 1)
        }
      }
    }),
  )
})

test('a fixed size stays', () => {
  const size = fixedSize(8)
  size.begin(true)(10_000)
  expect(size.current).toBe(8)
})
