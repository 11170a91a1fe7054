import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CsrMatrix,
  Document,
  DocumentArray,
  type FindOptions,
  float32ToFloat16,
  NdArray,
  type Vector,
} from './index.js'

const rows = [
  [1, 0, 0],
  [0, 1, 0],
  [1, 1, 0],
  [0, 0, 0],
  [-1, 0, 2],
]
const candidates = (): DocumentArray =>
  new DocumentArray(rows.map((embedding, n) => ({ id: `x${n}`, embedding, text: `t${n}`, tags: { n } })))
const queries = (): DocumentArray =>
  new DocumentArray([
    { id: 'x0', embedding: [1, 0.5, 0] },
    { id: 'q', embedding: [0, 0, 0] },
  ])

function matched(options: FindOptions): [string, number][][] {
  const docs = queries()
  docs.match(candidates(), options)
  const name = options.metricName ?? (options.metric as string | undefined) ?? 'cosine'
  return Array.from(docs, (query) =>
    Array.from(query.matches, (match) => [match.id, Number(match.scores[name]!.value.toFixed(6))]),
  )
}

describe('match', () => {
  it('ranks by cosine, euclidean and sqeuclidean distance with DocArray 0.21’s numbers', () => {
    expect(matched({})[0]).toEqual([
      ['x3', 0],
      ['x2', 0.051317],
      ['x0', 0.105573],
      ['x1', 0.552786],
      ['x4', 1.4],
    ])
    expect(matched({ metric: 'euclidean' })).toEqual([
      [
        ['x0', 0.5],
        ['x2', 0.5],
        ['x1', 1.118034],
        ['x3', 1.118034],
        ['x4', 2.872281],
      ],
      [
        ['x3', 0],
        ['x0', 1],
        ['x1', 1],
        ['x2', 1.414214],
        ['x4', 2.236068],
      ],
    ])
    expect(matched({ metric: 'sqeuclidean' })[0]).toEqual([
      ['x0', 0.25],
      ['x2', 0.25],
      ['x1', 1.25],
      ['x3', 1.25],
      ['x4', 8.25],
    ])
  })

  it('normalizes over all distances of a query, also those beyond the limit', () => {
    const found = matched({ metric: 'euclidean', normalization: [1, 0], limit: 2 })
    expect(found).toEqual([
      [
        ['x0', 1],
        ['x2', 1],
      ],
      [
        ['x3', 1],
        ['x0', 0.552786],
      ],
    ])
  })

  it('normalizes finite distances beside one that is infinite, which becomes the second number', () => {
    const query = new Document({ embedding: [0] })
    const far = new NdArray({ data: Float64Array.of(Infinity) })
    const among = new DocumentArray([
      { embedding: [1] },
      { embedding: [3] },
      { embedding: [2] },
      { embedding: far },
    ])
    new DocumentArray([query]).match(among, { metric: 'euclidean', normalization: [1, 0] })
    const scores = Array.from(query.matches, ({ scores }) => Number(scores['euclidean']!.value.toFixed(6)))
    expect(scores).toEqual([1, 0.5, 0, 0])
  })

  it('leaves out the query itself, filters, limits and names the score', () => {
    expect(matched({ metric: 'euclidean', excludeSelf: true, limit: 2, metricName: 'far' })).toEqual([
      [
        ['x2', 0.5],
        ['x1', 1.118034],
      ],
      [
        ['x3', 0],
        ['x0', 1],
      ],
    ])
    expect(matched({ filter: { tags__n: { $gt: 2 } }, limit: null })[0]!.map(([id]) => id)).toEqual([
      'x3',
      'x4',
    ])
  })

  it('gives copies without their own matches, one level further away, in place of earlier matches', () => {
    const docs = queries()
    const others = candidates()
    others.at(0)!.matches.push({ id: 'inner' })
    docs.match(others)
    docs.match(others, { limit: 3 })
    const match = docs.at(0)!.matches.get('x0')!
    expect(docs.at(0)!.matches.length).toBe(3)
    expect([match.matches.length, match.adjacency, match.text, match.tags]).toEqual([0, 1, 't0', { n: 0 }])
    expect([others.at(0)!.matches.length, others.at(0)!.scores]).toEqual([1, {}])
  })

  it('returns only ids on request', () => {
    const docs = queries()
    docs.match(candidates(), { onlyId: true, limit: 1 })
    const match = docs.at(1)!.matches.at(0)!
    expect([match.text, match.embedding, match.tags]).toEqual(['', undefined, {}])
    expect(match.scores).toHaveProperty('cosine')
  })

  it('takes a custom metric', () => {
    const docs = queries()
    const manhattan = (left: Vector, right: Vector): number =>
      Array.from(left.values).reduce((sum, value, at) => sum + Math.abs(value - right.values[at]!), 0)
    docs.match(candidates(), { metric: manhattan, limit: 1 })
    expect(docs.at(0)!.matches.at(0)!.scores).toEqual({ manhattan: { value: 0.5 } })
  })

  it('gives sparse embeddings the distances of dense ones, except for zero vectors by cosine', () => {
    const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 })
    const metric = fc.constantFrom('cosine' as const, 'euclidean' as const, 'sqeuclidean' as const)
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 6 }), vector, metric, (rows, query, metric) => {
        const solid = [query, ...rows].map((row) => (row.every((value) => value === 0) ? [1, 0, 0, 0] : row))
        const distances = (embeddings: (row: number[]) => unknown): number[] => {
          const [one, ...others] = solid.map(
            (row) => new Document({ embedding: embeddings(row) as number[] }),
          )
          const found = new DocumentArray(others).find(one!, { metric, limit: null })
          return Array.from(found, (document) => document.scores[metric]!.value)
        }
        const sparse = distances((row) => sparseRow(row))
        distances((row) => row).forEach((value, at) => expect(sparse[at]).toBeCloseTo(value, 5))
      }),
    )
  })

  it.each<[string, FindOptions, () => DocumentArray]>([
    ['embedding', {}, () => new DocumentArray([{ id: 'none' }])],
    ['Metric', { metric: 'far' as 'cosine' }, queries],
    ['2 dimensions', {}, () => new DocumentArray([{ embedding: [1, 2] }])],
    ['sparse query', {}, () => new DocumentArray([{ embedding: sparseRow([1, 2, 3]) }])],
  ])('refuses with a word about %s', (word, options, docs) => {
    expect(() => docs().match(candidates(), options)).toThrow(word)
  })
})

describe('find', () => {
  it('returns one array for a vector or Document, several for several', () => {
    const docs = candidates()
    const ids = (found: DocumentArray): string[] => Array.from(found, (document) => document.id)
    const nearest = ['x3', 'x2']
    expect(ids(docs.find([1, 0.5, 0], { limit: 2 }))).toEqual(nearest)
    expect(ids(docs.find(Float32Array.of(1, 0.5, 0), { limit: 2 }))).toEqual(nearest)
    expect(ids(docs.find(new Document({ embedding: [1, 0.5, 0] }), { limit: 2 }))).toEqual(nearest)
    expect(docs.find([[1, 0.5, 0]], { limit: 2 }).map(ids)).toEqual([nearest])
    expect(docs.find(queries(), { limit: 2 }).map((found) => found.length)).toEqual([2, 2])
    const matrix = new NdArray({ data: Float64Array.of(1, 0.5, 0, 0, 0, 0), shape: [2, 3] })
    expect((docs.find(matrix) as DocumentArray[]).length).toBe(2)
  })

  it('computes with embeddings of every dtype', () => {
    const one = (embedding: Document['embedding']): Document => new Document({ embedding: embedding! })
    const docs = new DocumentArray([
      one(new NdArray({ data: BigInt64Array.of(3n, 4n) })),
      one(new NdArray({ data: float32ToFloat16([3, 4]), dtype: '<f2' })),
      one(new NdArray({ data: Int8Array.of(3, 4) })),
      one(new NdArray({ data: Float32Array.of(3, 4) })),
    ])
    const found = docs.find([0, 0], { metric: 'euclidean' })
    expect(Array.from(found, (document) => document.scores['euclidean'])).toEqual(Array(4).fill({ value: 5 }))
  })

  it('skips Documents without an embedding', () => {
    const docs = candidates()
    docs.push({ id: 'none' })
    expect(docs.find([0, 0, 1]).get('none')).toBeUndefined()
  })
})

function sparseRow(row: readonly number[]): ReturnType<CsrMatrix['row']> {
  // in reverse and with zeros, to show that order does not matter
  const indices = row.map((_, at) => at).toReversed()
  const data = indices.map((at) => row[at]!)
  return new CsrMatrix({ shape: [1, row.length], indptr: [0, row.length], indices, data }).row(0)
}
