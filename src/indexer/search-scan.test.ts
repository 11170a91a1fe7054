import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Document } from '../document/index.js'
import { seeded } from '../lib/seeded.js'
import { context, docs, find, Fixture, matchesOf } from './fixture.suite.js'
import { Rescoring } from './candidates.js'
import { Lengths } from './lengths.js'
import { type Metric, metrics } from './metric.js'
import type { Question } from './question.js'
import { isForScan, searchScan } from './search-scan.js'
import { Store, type Version } from './store.js'
import type { VectorIndexer } from './vector-indexer.js'
import { probeOf } from './vectors.js'

const dim = 24
const rows = 2600
const random = seeded(23)
const numbers = (of: () => number): number[] => Array.from({ length: dim }, of)
const anywhere = (): number => random() * 2 - 1

/** Vectors on which float32 loses digits in different ways. */
const shapes: Readonly<Record<string, (row: number) => number[]>> = {
  'in all directions': () => numbers(anywhere),
  'far from the origin and near each other': () => numbers(() => 1000 + anywhere() / 1000),
  'of few directions': (row) => numbers(() => 0).map((_, at) => (at === row % 5 ? 1 : 0.25)),
  'very short and very long': (row) => numbers(() => anywhere() * 10 ** ((row % 20) - 10)),
  'beyond what float32 squares': (row) => numbers(() => anywhere() * (row % 3 === 0 ? 1e-30 : 1)),
}

const fixture = new Fixture()
afterAll(() => fixture.close())
let shards = 0

async function latestOf({ workspace }: VectorIndexer): Promise<Version> {
  const options = { dim: undefined, columns: {}, staleMs: 0 }
  return (await new Store({ folder: workspace, options }).latest())!
}

describe.each(Object.entries(shapes))('vectors %s', (_, shape) => {
  it.each(metrics)('have the same matches from disk as from memory, by %s', async (metric) => {
    const shard = shards++
    const memory = fixture.indexer({ metric, columns: { n: 'int' } }, shard)
    const disk = fixture.indexer({ metric, columns: { n: 'int' }, cacheBytes: 0 }, shard)
    await memory.index(
      docs(Array.from({ length: rows }, (_, n) => ({ id: `d${n}`, tags: { n }, embedding: shape(n) }))),
    )
    for (let query = 0; query < 12; query++) {
      const vector = query % 2 === 0 ? shape(query) : numbers(anywhere)
      for (const filter of [undefined, { tags__n: { $gte: 700 } }]) {
        const parameters = { filter, limit: 1 + query * 3 }
        expect(await find(disk, vector, parameters)).toEqual(await find(memory, vector, parameters))
      }
    }
  })
})

describe("LanceDB's own scan", () => {
  let shard: number
  let writer: VectorIndexer
  beforeAll(async () => {
    shard = shards++
    writer = fixture.indexer({}, shard)
    await writer.index(
      docs(Array.from({ length: rows }, (_, n) => ({ id: `d${n}`, embedding: numbers(anywhere) }))),
    )
  })

  const questionOf = (vectors: readonly number[][], limit: number): Question => ({
    probes: vectors.map((vector) => probeOf(Float32Array.from(vector))),
    limit,
    exact: false,
    withEmbeddings: false,
    condition: undefined,
    signal: new AbortController().signal,
  })
  const scan = async (question: Question, metric: Metric = 'cosine'): ReturnType<typeof searchScan> => {
    const version = await latestOf(writer)
    return searchScan(version, {
      metric,
      question,
      lengths: await new Lengths().of(version),
      rescoring: new Rescoring(),
    })
  }

  it('answers a question of few queries', async () => {
    const vectors = Array.from({ length: 3 }, () => numbers(anywhere))
    const found = await scan(questionOf(vectors, 10))
    for (const [at, vector] of vectors.entries())
      expect(found![at]!.map(({ id, score }) => [id, score])).toEqual(await find(writer, vector))
  })

  it('is in doubt where more rows than candidates are equally far, and for a zero vector', async () => {
    expect(await scan(questionOf([numbers(() => 0)], 10))).toBeUndefined()
    const equal = fixture.indexer({}, shards++)
    await equal.index(
      docs(Array.from({ length: rows * 2 }, (_, n) => ({ id: `e${n}`, embedding: numbers(() => 1) }))),
    )
    const version = await latestOf(equal)
    const question = questionOf([numbers(() => 1)], 10)
    const lengths = await new Lengths().of(version)
    expect(
      await searchScan(version, { metric: 'cosine', question, lengths, rescoring: new Rescoring() }),
    ).toBeUndefined()
    const disk = fixture.indexer({ cacheBytes: 0 }, shards - 1)
    const query = new Document({ embedding: numbers(() => 1) })
    await disk.search(docs([query]), context())
    const ids = matchesOf(query, 'cosine').map(([id]) => id)
    expect(ids).toEqual(
      [...Array(rows * 2).keys()]
        .map((n) => `e${n}`)
        .sort()
        .slice(0, 10),
    )
  })

  it('is for few queries of a large table, without conditions that SQL cannot express', () => {
    const vectors = Array.from({ length: 9 }, () => numbers(anywhere))
    const few = questionOf(vectors.slice(1), 10)
    expect(isForScan(few, rows)).toBe(true)
    expect(isForScan(few, 1000)).toBe(false)
    expect(isForScan(questionOf(vectors, 1), rows)).toBe(false)
    const condition = { sql: undefined, exact: false, test: () => true }
    expect(isForScan({ ...few, condition }, rows)).toBe(false)
  })
})

describe('lengths', () => {
  it('cover what is committed later, and start again in another generation', async () => {
    const shard = shards++
    const indexer = fixture.indexer({ metric: 'l2' }, shard)
    const lengths = new Lengths()
    const range = async (): Promise<unknown> => lengths.of(await latestOf(indexer))
    await indexer.index(docs([{ id: 'a', embedding: [3, 4] }]))
    const first = await latestOf(indexer)
    expect(await range()).toEqual({ min: 5, max: 5 })
    await indexer.index(
      docs([
        { id: 'b', embedding: [0, 0] },
        { id: 'c', embedding: [6, 8] },
      ]),
    )
    expect(await range()).toEqual({ min: 0, max: 10 })
    expect(await lengths.of(first)).toEqual({ min: 0, max: 10 })
    expect(await lengths.of({ ...first, generation: 'other' })).toEqual({ min: 5, max: 5 })
  })
})
