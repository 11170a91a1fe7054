import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Document } from '../document/index.js'
import { context, docs, find, Fixture } from './fixture.suite.js'
import type { ColumnType } from './options.js'

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => fixture.close())

const values: Readonly<Record<ColumnType, readonly unknown[]>> = {
  int: [0, -7, 2 ** 53 - 1],
  float: [0.5, -1e300, 0],
  string: ['', 'a', '\ufeffa'],
  bool: [true, false, true],
}

/** Whether rows have the tag: in all rows of a batch alike, or mixed. */
const fillings: Readonly<Record<string, (given: readonly unknown[]) => readonly unknown[]>> = {
  'in every row': (given) => given,
  'in no row': (given) => given.map(() => undefined),
  'null in every row': (given) => given.map(() => null),
  'in the first row only': (given) => [given[0], undefined, null],
  'in the last row only': (given) => [null, undefined, given[0]],
  'null or absent': () => [null, undefined, null],
}

describe.each(Object.keys(values) as ColumnType[])('a column of type %s', (type) => {
  it.each(Object.keys(fillings))('with a value %s', async (filling) => {
    const tags = fillings[filling]!(values[type])
    const columns = { tag: type, other: 'int' } as const
    const memory = fixture.indexer({ columns })
    const disk = fixture.indexer({ columns, cacheBytes: 0 })
    const given = tags.map(
      (tag, at) => new Document({ id: `d${at}`, embedding: [1, at], tags: tag === undefined ? {} : { tag } }),
    )
    expect(await memory.index(docs(given))).toEqual({ indexed: 3 })
    // a batch after it, and a single row in it, usually take the other path
    await memory.index(docs([{ id: 'alone', embedding: [1, 9], tags: { tag: tags[0] } }]))
    const present = [...tags, tags[0]].filter((tag) => tag !== undefined && tag !== null)
    for (const indexer of [memory, disk]) {
      const missing = await find(indexer, [1, 0], { filter: { tags__tag: { $eq: null } } })
      expect(missing).toHaveLength(4 - present.length)
      for (const tag of new Set(present)) {
        const filter = { tags__tag: { $eq: tag } }
        expect(await find(indexer, [1, 0], { filter })).toHaveLength(
          present.filter((each) => each === tag).length,
        )
      }
    }
    const stored = await disk.get(docs(given.map(({ id }) => ({ id }))), context())
    expect(stored.toJSON()).toEqual(docs(given).toJSON())
  })
})

it('the columns of a large batch hold the values of each row', async () => {
  const columns = { b: 'bool', s: 'string', n: 'int' } as const
  const indexer = fixture.indexer({ columns })
  const tagsOf = (row: number): object =>
    row % 3 === 0 ? {} : { b: row % 2 === 0, s: row % 5 === 0 ? null : `s${row % 7}`, n: row }
  const rows = Array.from({ length: 1000 }, (_, row) => row)
  await indexer.index(
    docs(rows.map((row) => ({ id: `d${row}`, embedding: [1, row], tags: { ...tagsOf(row) } }))),
  )
  const count = async (filter: object): Promise<unknown> => indexer.count(docs([]), context({ filter }))
  const present = rows.filter((row) => row % 3 !== 0)
  expect(await count({ tags__b: { $eq: true } })).toEqual({
    count: present.filter((row) => row % 2 === 0).length,
  })
  expect(await count({ tags__b: { $eq: false } })).toEqual({
    count: present.filter((row) => row % 2 === 1).length,
  })
  expect(await count({ tags__s: { $eq: 's3' } })).toEqual({
    count: present.filter((row) => row % 5 !== 0 && row % 7 === 3).length,
  })
  expect(await count({ tags__n: { $eq: 998 } })).toEqual({ count: 1 })
})

describe('text of any kind', () => {
  it('is found by its exact value, as an id, a text and the value of a column', async () => {
    const columns = { tag: 'string' } as const
    const memory = fixture.indexer({ columns })
    const disk = fixture.indexer({ columns, cacheBytes: 0 })
    const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })
    const text = fc.oneof(
      wellFormed,
      wellFormed.map((each) => `\ufeff${each}`),
      fc.constantFrom('\ufeff', '\u0000', "'", '\\', '\ufffd', '\ufffe', '\u200d', '🦉', '--', ';'),
    )
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 6 }), async (texts) => {
        const given = docs(
          texts.map((each, at) => ({ id: each, text: each, embedding: [1, at], tags: { tag: each } })),
        )
        await memory.index(given)
        for (const indexer of [memory, disk]) {
          const stored = await indexer.get(given, context({ includeEmbeddings: false }))
          expect(stored.texts).toEqual(texts)
          // texts in braces name fields
          for (const each of texts.filter((one) => !one.includes('{'))) {
            for (const filter of [{ tags__tag: { $eq: each } }, { id: { $eq: each } }]) {
              expect((await find(indexer, [1, 0], { filter })).map(([id]) => id)).toEqual([each])
            }
          }
        }
        for (const each of texts) {
          expect(await memory.delete(docs([]), context({ ids: [each] }))).toEqual({ deleted: 1 })
        }
        expect(await disk.count(docs([]), context())).toEqual({ count: 0 })
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})
