import { expect, it } from 'vitest'
import { merged, quantile, since } from './quantile.js'

const distribution = (...counts: readonly number[]) => ({ sum: counts.length, bounds: [1, 2, 4], counts })

it('spreads the observations of a bucket evenly', () => {
  expect(quantile(distribution(0, 10, 0, 0), 0.5)).toBe(1.5)
  expect(quantile(distribution(5, 4, 1, 0), 0.5)).toBe(1)
  expect(quantile(distribution(5, 4, 1, 0), 0.95)).toBe(3)
  expect(quantile(distribution(1, 0, 0, 0), 0.99)).toBeCloseTo(0.99)
})

it('says the last bound for what is beyond, and nothing without observations', () => {
  expect(quantile(distribution(1, 0, 0, 9), 0.5)).toBe(4)
  expect(quantile(distribution(0, 0, 0, 0), 0.5)).toBe(null)
})

it('adds histograms, and subtracts an earlier look unless the histogram began anew', () => {
  expect(merged([])).toBe(null)
  expect(merged([distribution(1, 2, 3, 4), distribution(1, 0, 0, 1)])!.counts).toEqual([2, 2, 3, 5])
  expect(since(distribution(1, 2, 0, 0), distribution(1, 5, 0, 1)).counts).toEqual([0, 3, 0, 1])
  expect(since(distribution(1, 2, 0, 0), distribution(0, 5, 0, 1)).counts).toEqual([0, 5, 0, 1])
})
