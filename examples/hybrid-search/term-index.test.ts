import { expect, it } from 'vitest'
import { TermIndex } from './term-index.js'

const counted = (...terms: number[]): Map<number, number> => {
  const counts = new Map<number, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}

it('scores texts by BM25', () => {
  const index = new TermIndex()
  index.put('a', counted(1, 1, 2))
  index.put('b', counted(1, 3, 3, 3, 3))
  index.put('c', counted(3))
  // of three texts, 3 long on average, two have the term 1
  const idf = Math.log(1 + 1.5 / 2.5)
  const [first, second, ...others] = index.search([1], 10)
  expect(others).toEqual([])
  expect([first?.id, second?.id]).toEqual(['a', 'b'])
  expect(first?.score).toBeCloseTo((idf * 2 * 2.2) / (2 + 1.2))
  expect(second?.score).toBeCloseTo((idf * 1 * 2.2) / (1 + 1.2 * (0.25 + (0.75 * 5) / 3)))
  expect(index.search([1, 2], 1).map(({ id }) => id)).toEqual(['a'])
  expect(index.search([7], 10)).toEqual([])
})

it('replaces a text under its id', () => {
  const index = new TermIndex()
  index.put('a', counted(1))
  index.put('a', counted(2))
  expect(index.size).toBe(1)
  expect(index.search([1], 10)).toEqual([])
  expect(index.search([2], 10).map(({ id }) => id)).toEqual(['a'])
})
