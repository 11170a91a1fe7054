import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, nearest } from './nearest.js'

test('a misspelt word finds the one that was meant', () => {
  const known = ['replicas', 'shards', 'requestSize', 'prefetch']
  expect(nearest('replica', known)).toBe('replicas')
  expect(nearest('request_size', known)).toBe('requestSize')
  expect(nearest('rpelicas', known)).toBe('replicas')
})

test('a word like none of them finds nothing', () => {
  expect(nearest('colour', ['replicas', 'shards'])).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})

test('distance counts edits and is symmetric', () => {
  expect(distance('ab', 'ba')).toBe(1)
  expect(distance('', 'abc')).toBe(3)
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(distance(a, b)).toBe(distance(b, a))
      expect(distance(a, a)).toBe(0)
      expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})
