import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Codes } from './codes.js'
import { type Metric, metrics } from './metric.js'
import { scanRows } from './scan-rows.js'
import { Screen } from './screen.js'
import { type Scored, Top } from './top.js'
import { probeOf, Vectors } from './vectors.js'

// tiny vectors whose squares underflow float32, and large ones whose squares overflow it
const number = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, -1, 1e-4, 300, 1e-20, 3e-23, 1e-30, 1e-45, -1e15, 1e19, -3e19, 3e38),
)
const near = fc.constantFrom(0, 1e-7, -3e-6, 1e-4, 0.01)

const scans = fc.integer({ min: 1, max: 40 }).chain((dim) => {
  const vector = fc.array(number, { minLength: dim, maxLength: dim })
  return fc.record({
    // repeated, for equal scores, with near copies, for nearly equal ones
    vectors: fc.array(vector, { minLength: 1, maxLength: 12 }),
    picks: fc.array(fc.tuple(fc.nat(11), near), { minLength: 1, maxLength: 700, size: 'max' }),
    queries: fc.array(vector, { minLength: 1, maxLength: 3 }),
    metric: fc.constantFrom(...metrics),
    limit: fc.integer({ min: 1, max: 20 }),
    isMasked: fc.boolean(),
  })
})

it('a screen does not change the result, whatever the vectors are', () => {
  fc.assert(
    fc.property(scans, ({ vectors, picks, queries, metric, limit, isMasked }) => {
      const rows = picks.map(([pick, beside]) => {
        const vector = vectors[pick % vectors.length]!
        return Float32Array.from(vector, (value, at) => (at === 0 ? value * (1 + beside) : value))
      })
      const mask = isMasked ? Uint8Array.from(rows, (_, at) => at % 3 && 1) : undefined
      const search = (screened: boolean) => find(rows, { queries, metric, limit, mask, screened })
      expect(search(true)).toEqual(search(false))
    }),
    { numRuns: 500 },
  )
})

it('among scores that are equal in float32, the smaller id wins', () => {
  const smallerLast = { limit: 1, mask: undefined, screened: true, idOf: (slot: number) => `${1 - slot}` }
  // squared distances of 0 and of 10⁻⁴⁶
  const close = [Float32Array.of(1e-23), Float32Array.of(2e-23)]
  expect(find(close, { ...smallerLast, queries: [[1e-23]], metric: 'l2' })).toEqual([[{ id: '0', score: 0 }]])
  // products beyond 10³⁸
  const long = [Float32Array.of(3e30), Float32Array.of(2e30)]
  const expected = [[{ id: '0', score: -Infinity }]]
  expect(find(long, { ...smallerLast, queries: [[1e30]], metric: 'dot' })).toEqual(expected)
})

it('a screen passes few of the rows whose directions differ', () => {
  const rows = Array.from({ length: 5_000 }, (_, row) => wave(row))
  let taken = 0
  const idOf = (slot: number): string => {
    taken++
    return `${slot}`
  }
  const query = [...wave(-1)]
  find(rows, { queries: [query], metric: 'cosine', limit: 10, mask: undefined, screened: true, idOf })
  expect(taken).toBeLessThan(500)
})

it('codes follow their vectors when these move', () => {
  const rows = Array.from({ length: 9 }, (_, row) => wave(row))
  const { vectors, codes } = stored(rows)
  vectors.move(8, 2)
  codes.move(8, 2)
  codes.use(codes.codeOf(probeOf(wave(8))))
  const four = codes.seek(0, 8, 32_000 * 31_900)
  expect(four).toBe(0)
  expect(Math.abs(codes.products[2]! / 32_000 ** 2 - 1)).toBeLessThan(1e-3)
})

interface Question {
  readonly queries: readonly (readonly number[])[]
  readonly metric: Metric
  readonly limit: number
  readonly mask: Uint8Array | undefined
  readonly screened: boolean
  readonly idOf?: (slot: number) => string
}

function find(
  rows: readonly Float32Array[],
  { queries, metric, limit, mask, screened, idOf = (slot) => `${(slot * 7) % 701}` }: Question,
): Scored[][] {
  const { vectors, codes } = stored(rows)
  const probes = queries.map((query) => probeOf(Float32Array.from(query)))
  const tops = probes.map(() => new Top<Scored>(limit))
  const take = (slot: number, score: number): Scored => ({ id: idOf(slot), score })
  const screen = screened ? new Screen(codes, probes) : undefined
  scanRows({ metric, probes, tops, take, screen }, { vectors, from: 0, to: rows.length, mask })
  return tops.map((top) => top.sorted())
}

function stored(rows: readonly Float32Array[]): { vectors: Vectors; codes: Codes } {
  const dim = rows[0]!.length
  const [vectors, codes] = [new Vectors(dim), new Codes(dim)]
  for (const [slot, vector] of rows.entries()) {
    vectors.reserve(slot + 1)
    codes.reserve(slot + 1)
    vectors.set(slot, vector)
    codes.set(slot, { vector, norm: vectors.norms[slot]! })
  }
  return { vectors, codes }
}

function wave(row: number): Float32Array {
  return Float32Array.from({ length: 64 }, (_, at) => Math.sin(row * 7.3 + at * (row % 97) + at))
}
