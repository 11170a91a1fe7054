import { afterAll, beforeAll, expect, it } from 'vitest'
import { Document } from '../document/index.js'
import { seeded } from '../lib/seeded.js'
import { context, docs, matchesOf, Fixture } from './fixture.suite.js'
import { indexKinds } from './options.js'
import { subVectors } from './upkeep.js'
import type { VectorIndexer } from './vector-indexer.js'

const fixture = new Fixture()
const random = seeded(5)
const vector = (): number[] => Array.from({ length: 16 }, () => random() * 2 - 1)
const corpus = docs(Array.from({ length: 1500 }, (_, n) => ({ id: `d${n}`, n, embedding: vector() })))
const late = docs(Array.from({ length: 20 }, (_, n) => ({ id: `late${n}`, n, embedding: vector() })))
const queries = Array.from({ length: 20 }, vector)
let exact: VectorIndexer
beforeAll(async () => {
  exact = fixture.indexer({ columns: { n: 'int' } }, 0)
  await exact.index(corpus)
  await exact.index(late)
})
afterAll(() => fixture.close())

async function search(
  indexer: VectorIndexer,
  embedding: number[],
  parameters = {},
): Promise<[string, number][]> {
  const query = new Document({ embedding })
  await indexer.search(docs([query]), context(parameters))
  return matchesOf(query, 'cosine')
}

it.each(indexKinds.map((kind, at) => [kind, at + 1] as const))(
  '%s finds nearly the nearest, with exact scores',
  async (kind, shard) => {
    const indexer = fixture.indexer({ columns: { n: 'int' }, index: { kind, after: 1000 } }, shard)
    await indexer.index(corpus)
    await indexer.flush()
    // not in the index yet
    await indexer.index(late)
    let [found, all] = [0, 0]
    for (const query of queries) {
      for (const filter of [undefined, { tags__n: { $lt: 700 } }]) {
        const expected = new Map(await search(exact, query, { filter }))
        const answer = await search(indexer, query, { filter })
        for (const [id, score] of answer) if (expected.has(id)) expect(score).toBe(expected.get(id))
        found += answer.filter(([id]) => expected.has(id)).length
        all += expected.size
      }
      // conditions that SQL cannot express, and `exact`, are searched exactly
      for (const parameters of [{ exact: true }, { filter: { id: { $regex: '[05]$' } } }]) {
        expect(await search(indexer, query, parameters)).toEqual(await search(exact, query, parameters))
      }
    }
    expect(found / all).toBeGreaterThan(0.9)
  },
)

it.each([
  [384, 48],
  [16, 2],
  [100, 20],
  [14, 2],
  [11, 11],
  [3, 1],
  [1, 1],
])('product quantization of %i values has %i parts', (dim, parts) => {
  expect(subVectors(dim)).toBe(parts)
})
