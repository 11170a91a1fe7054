import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Document, DocumentArray } from '../document/index.js'
import { context, docs, matchesOf, merged, Fixture } from './fixture.suite.js'
import type { Metric } from './metric.js'
import { metrics } from './metric.js'
import type { VectorIndexer } from './vector-indexer.js'

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => fixture.close())

const dim = 7
// few distinct values, so that equal scores are common
const vector = fc.oneof(
  fc.array(fc.constantFrom(-1, 0, 1), { minLength: dim, maxLength: dim }),
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -4, max: 4 }), {
    minLength: dim,
    maxLength: dim,
  }),
)
const id = fc.nat(120).map((n) => `doc-${n}`)
const stored = fc.record({ id, vector, year: fc.option(fc.nat(5)), word: fc.constantFrom('', 'a', 'b') })
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('index' as const), rows: fc.array(stored, { maxLength: 40 }) }),
  },
  fc.record({ kind: fc.constant('update' as const), rows: fc.array(stored, { maxLength: 10 }) }),
  fc.record({ kind: fc.constant('delete' as const), ids: fc.array(id, { maxLength: 10 }) }),
  fc.record({ kind: fc.constant('flush' as const) }),
)
const filter = fc.constantFrom(
  undefined,
  { tags__year: { $gt: 2 } },
  { $or: { tags__year: { $in: [0, 1] }, tags__word: { $eq: 'a' } } },
  // partly and wholly beyond SQL
  { tags__year: { $neq: 3 }, text: { $regex: '1' } },
  { $not: { text: { $regex: '[3-5]' } } },
)

type Stored = typeof stored extends fc.Arbitrary<infer T> ? T : never
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** The shard that a document belongs to. */
const shardOf = (of: string, shards: number): number => Number(of.slice(4)) % shards

async function apply(done: Step, shards: readonly VectorIndexer[]): Promise<void> {
  await Promise.all(
    shards.map(async (shard, at) => {
      const isOwn = (of: string): boolean => shardOf(of, shards.length) === at
      if (done.kind === 'flush') await shard.flush()
      else if (done.kind === 'delete') {
        await shard.delete(docs(done.ids.filter(isOwn).map((each) => ({ id: each }))), context())
      } else {
        const own = done.rows.filter((row) => isOwn(row.id)).map(documentOf)
        await (done.kind === 'index' ? shard.index(docs(own)) : shard.update(docs(own)))
      }
    }),
  )
}

function documentOf({ id: of, vector: embedding, year, word }: Stored): Document {
  return new Document({ id: of, text: `text of ${of}`, embedding, tags: { year, word } })
}

let round = 0

it('one shard or many, in memory or on disk: the same matches, scores and order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 6 }),
      fc.array(vector, { minLength: 1, maxLength: 3 }),
      fc.record({
        filter,
        limit: fc.integer({ min: 1, max: 30 }),
        metric: fc.constantFrom<Metric>(...metrics),
      }),
      async (steps, queries, { filter: condition, limit, metric }) => {
        round += 1
        const columns = { year: 'int', word: 'string' } as const
        const answers = []
        for (const shards of [1, 2, 3, 5, 8]) {
          const indexers = Array.from({ length: shards }, (_, at) =>
            fixture.indexer(
              { metric, columns, dim, zeroVectors: 'last', ...(at % 2 === 1 && { cacheBytes: 0 }) },
              round * 10_000 + shards * 100 + at,
            ),
          )
          for (const done of steps) await apply(done, indexers)
          const lists = await Promise.all(
            indexers.map(async (indexer) => {
              const asked = new DocumentArray(queries.map((embedding) => ({ embedding })))
              await indexer.search(asked, context({ filter: condition, limit }))
              return Array.from(asked, (query) => matchesOf(query, metric))
            }),
          )
          answers.push(
            queries.map((_, at) =>
              merged(
                lists.map((list) => list[at]!),
                limit,
              ),
            ),
          )
          await Promise.all(indexers.map((indexer) => indexer.close()))
        }
        for (const answer of answers) expect(answer).toEqual(answers[0])
      },
    ),
    { numRuns: 12 },
  )
}, 120_000)

it('scores the cosine of vectors of usual lengths as DocumentArray.match does', async () => {
  const directed = vector.filter((numbers) => Math.hypot(...numbers) >= 1)
  await fc.assert(
    fc.asyncProperty(
      fc.array(directed, { minLength: 1, maxLength: 40 }),
      directed,
      async (vectors, query) => {
        round += 1
        const corpus = docs(
          vectors.map((each, at) => ({ id: `doc-${at}`, embedding: Float32Array.from(each) })),
        )
        const indexer = fixture.indexer({}, round)
        await indexer.index(corpus)
        const asked = docs([{ embedding: Float32Array.from(query) }, { embedding: Float32Array.from(query) }])
        await indexer.search(asked.slice(0, 1), context({ limit: 100 }))
        asked.slice(1).match(corpus, { metric: 'cosine', limit: null })
        const expected = new Map(matchesOf(asked.at(1)!, 'cosine'))
        const found = matchesOf(asked.at(0)!, 'cosine')
        expect(found).toHaveLength(expected.size)
        for (const [of, score] of found) expect(score).toBeCloseTo(expected.get(of)!, 6)
        expect(found).toEqual(merged([found], 100))
      },
    ),
    { numRuns: 15 },
  )
}, 60_000)
