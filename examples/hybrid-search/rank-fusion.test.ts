import { expect, it } from 'vitest'
import { fuseRanks } from './rank-fusion.js'

it('adds up the reciprocal ranks of an item', () => {
  const scores = fuseRanks([
    ['a', 'b'],
    ['b', 'c'],
  ])
  expect(Object.fromEntries(scores)).toEqual({ a: 1 / 61, b: 1 / 62 + 1 / 61, c: 1 / 62 })
})
