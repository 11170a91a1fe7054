import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileFilter } from '../document/filter.js'
import { Document, type Filter } from '../document/index.js'
import { context, docs, Fixture } from './fixture.suite.js'
import type { Columns } from './options.js'
import type { VectorIndexer } from './vector-indexer.js'
import { whereOf } from './where.js'

const columns: Columns = { i: 'int', f: 'float', s: 'string', b: 'bool', deep__s: 'string' }

const texts = ['', 'a', 'b', 'ab', "it's", '"', '`', '\\', '%', "' OR 1=1 --", 'é', '🦉', '\uffee', '\u0000']
const int = fc.constantFrom(0, 1, -1, 2, 2000, Number.MAX_SAFE_INTEGER, -0)
const float = fc.constantFrom(0, -0, 0.5, 1, -1.25, 1e300, 5e-324, 2000)
const text = fc.constantFrom(...texts)
const tags = fc.record(
  {
    i: fc.option(int),
    f: fc.option(float),
    s: fc.option(text),
    b: fc.option(fc.boolean()),
    deep: fc.record({ s: text }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)

const number = fc.oneof(int, float, fc.constant(NaN), fc.constant(Infinity))
const anything = fc.oneof(number, text, fc.boolean(), fc.constant(null))
const orders = ['$lt', '$lte', '$gt', '$gte']

/** Filters on a column with these values; null only for equality. */
const operatorOn = (value: fc.Arbitrary<unknown>, hasOrder: boolean) => {
  const orNull = fc.oneof(value, fc.constant(null))
  return fc.oneof(
    fc.tuple(fc.constantFrom('$eq', '$neq'), orNull),
    fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(orNull, { maxLength: 3 })),
    fc.tuple(fc.constant('$exists'), fc.boolean()),
    ...(hasOrder ? [fc.tuple(fc.constantFrom(...orders), value)] : []),
  )
}
const paths: Readonly<Record<string, fc.Arbitrary<readonly [string, unknown]>>> = {
  tags__i: operatorOn(number, true),
  tags__f: operatorOn(number, true),
  tags__s: operatorOn(text, true),
  tags__b: operatorOn(fc.boolean(), false),
  tags__deep__s: operatorOn(text, true),
  tags__other: operatorOn(anything, true),
  id: operatorOn(text, true),
}
const path = fc.constantFrom(...Object.keys(paths))
const { filter } = fc.letrec((tie) => ({
  condition: fc.oneof(
    path.chain((key) =>
      fc
        .array(paths[key]!, { minLength: 1, maxLength: 2 })
        .map((pairs) => ({ [key]: Object.fromEntries(pairs) })),
    ),
    fc
      .tuple(fc.constantFrom('$and', '$or', '$not'), fc.array(tie('filter'), { maxLength: 3 }))
      .map(([key, list]) => ({ [key]: list })),
  ),
  filter: fc
    .array(tie('condition'), { minLength: 1, maxLength: 2 })
    .map((list) => Object.assign({}, ...(list as object[])) as Record<string, unknown>),
}))

describe('a filter in SQL', () => {
  const fixture = new Fixture()
  let memory: VectorIndexer
  let disk: VectorIndexer
  let corpus: Document[]
  beforeAll(async () => {
    corpus = fc
      .sample(tags, { numRuns: 120, seed: 7 })
      .map((each, at) => new Document({ id: texts[at] || `d${at}`, tags: each, embedding: [1, at] }))
    memory = fixture.indexer({ columns })
    disk = fixture.indexer({ columns, cacheBytes: 0 })
    await memory.index(docs(corpus))
  })
  afterAll(() => fixture.close())

  it('passes exactly the documents that DocArray’s filter passes', async () => {
    await fc.assert(
      fc.asyncProperty(filter as fc.Arbitrary<Record<string, unknown>>, async (asked) => {
        const test = compileFilter(asked)
        const expected = corpus.filter(test).map(({ id }) => id)
        expect(await memory.count(docs([]), context({ filter: asked }))).toEqual({ count: expected.length })
        for (const indexer of [memory, disk]) {
          const query = new Document({ embedding: [1, 0] })
          await indexer.search(docs([query]), context({ filter: asked, limit: 1000 }))
          expect(Array.from(query.matches, ({ id }) => id).sort()).toEqual(expected.sort())
        }
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})

const nested = (depth: number): object =>
  depth === 0 ? { tags__i: { $eq: 1 } } : { $not: [nested(depth - 1)] }

describe('the translation of a filter', () => {
  it.each([
    [{ tags__i: { $gt: 3 } }, '(`tag_i` IS NOT NULL AND `tag_i` > 3.0)', true],
    [{ tags__s: { $eq: "' OR ''='" } }, "(`tag_s` IS NOT NULL AND `tag_s` = ''' OR ''''=''')", true],
    [
      { tags__i: { $in: [3, null] } },
      '((`tag_i` IS NOT NULL AND `tag_i` IN (3.0)) OR (`tag_i` IS NULL))',
      true,
    ],
    [{ $not: { $or: [] } }, 'true', true],
    [{ $or: [{ text: { $eq: 'x' } }, {}] }, 'true', true],
    [{ $and: [{ text: { $eq: 'x' } }, { $or: [] }] }, 'false', true],
    [nested(7), undefined, false],
    [{ tags__i: { $eq: null } }, '(`tag_i` IS NULL)', true],
    [{}, 'true', true],
    [{ tags__other: { $eq: 3 } }, undefined, false],
    [{ 'tags__i` = 1 OR `tag_i': { $eq: 3 } }, undefined, false],
    [{ tags__s: { $eq: '{text}' } }, undefined, false],
    [{ $or: [{ tags__i: { $eq: 1 } }, { text: { $eq: 'x' } }] }, undefined, false],
    [{ tags__i: { $gte: 3 }, text: { $eq: 'x' } }, '(`tag_i` IS NOT NULL AND `tag_i` >= 3.0)', false],
  ])('%j', (asked, sql, exact) => {
    expect(whereOf(asked as Filter, columns)).toEqual({ sql, exact })
  })
})
