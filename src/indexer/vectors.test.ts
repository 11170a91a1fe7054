import fc from 'fast-check'
import { expect, it } from 'vitest'
import { metrics, scoreOf } from './metric.js'
import { normOf, probeOf, Vectors } from './vectors.js'

const dim = fc.integer({ min: 1, max: 70 })
const numbers = (length: number) =>
  fc.float32Array({
    minLength: length,
    maxLength: length,
    noNaN: true,
    noDefaultInfinity: true,
    min: -1e6,
    max: 1e6,
  })

/** The order of additions that sums.wat guarantees, in JavaScript. */
function sumOf(
  query: Float32Array,
  vector: Float32Array,
  term: (one: number, other: number) => number,
): number {
  const pairs = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let at = 0; at < query.length; at++) pairs[at % 8]! += term(query[at]!, vector[at]!)
  const lane = (which: number): number =>
    pairs[which]! + pairs[which + 2]! + (pairs[which + 4]! + pairs[which + 6]!)
  return lane(0) + lane(1)
}

it('scores equal the formula’s bit for bit, for any length and slot', () => {
  fc.assert(
    fc.property(
      dim.chain((length) =>
        fc.tuple(numbers(length), fc.array(numbers(length), { minLength: 1, maxLength: 20 })),
      ),
      fc.constantFrom(...metrics),
      fc.nat(600),
      ([query, rows], metric, offset) => {
        const vectors = new Vectors(query.length)
        vectors.reserve(3)
        vectors.reserve(offset + rows.length)
        for (const [at, row] of rows.entries()) vectors.set(offset + at, row)
        const probe = probeOf(query)
        const scores = vectors.score(metric, probe, { from: offset, to: offset + rows.length })
        for (const [at, row] of rows.entries()) {
          const term =
            metric === 'l2'
              ? (one: number, two: number) => (one - two) ** 2
              : (one: number, two: number) => one * two
          expect(scores[at]).toBe(scoreOf(metric, sumOf(query, row, term), normOf(query) * normOf(row)))
        }
      },
    ),
  )
})

it('keep their content when they grow, and can be moved', () => {
  const vectors = new Vectors(3)
  vectors.reserve(1)
  vectors.set(0, Float32Array.of(1, 2, 3))
  vectors.reserve(100_000)
  vectors.move(0, 99_999)
  expect([...vectors.get(99_999)]).toEqual([1, 2, 3])
  expect(vectors.score('l2', probeOf(Float32Array.of(1, 2, 4)), { from: 99_999, to: 100_000 })[0]).toBe(1)
})
