import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { context, docs, find, Fixture } from './fixture.suite.js'
import type { VectorIndexer } from './vector-indexer.js'

const fixture = new Fixture()
const columns = { n: 'int', f: 'float', s: 'string', b: 'bool' } as const
let memory: VectorIndexer
let disk: VectorIndexer
beforeAll(async () => {
  memory = fixture.indexer({ columns })
  disk = fixture.indexer({ columns, cacheBytes: 0 })
  // few rows: conditions are what costs, and each is tested on each row
  const rows = Array.from({ length: 100 }, (_, n) => ({
    id: `d${n}`,
    text: `text ${n}`,
    embedding: [n, 1],
    tags: { n, f: n / 2, s: `s${n}`, b: n % 2 === 0 },
  }))
  await memory.index(docs(rows))
})
afterAll(() => fixture.close())

const count = async (filter: object): Promise<unknown> =>
  ((await disk.count(docs([]), context({ filter }))) as { count: unknown }).count
const times = <T>(length: number, of: (at: number) => T): T[] => Array.from({ length }, (_, at) => of(at))

describe('a filter that compares a column with a value of another type is refused', () => {
  it.each([
    [{ tags__n: { $gt: '100' } }, `'tags__n' holds numbers, and $gt compares it with "100"`],
    [{ tags__n: { $eq: '100' } }, `$eq compares it with "100"`],
    [{ tags__n: { $neq: true } }, '$neq compares it with true'],
    [{ tags__n: { $in: [1, '2'] } }, '$in compares it with "2"'],
    [{ tags__n: { $in: ['{tags__f}'] } }, '$in compares it with'],
    [{ tags__f: { $lte: null } }, '$lte compares it with null'],
    [{ tags__f: { $eq: [1] } }, '$eq compares it with [1]'],
    [{ tags__s: { $lt: 3 } }, `'tags__s' holds texts`],
    [{ tags__b: { $eq: 1 } }, `'tags__b' holds true or false`],
    [{ tags__b: { $gt: false } }, 'have no order'],
    [{ tags__n: { $regex: '1' } }, '$regex is for texts'],
    [{ id: { $eq: 7 } }, `'id' holds texts`],
    [{ $or: [{ $not: { $and: { tags__n: { $eq: 'x' } } } }] }, `'tags__n' holds numbers`],
  ])('%j', async (filter, message) => {
    const refused = { code: 'INVALID_INPUT', message: expect.stringContaining(message) as string }
    for (const indexer of [memory, disk]) {
      await expect(find(indexer, [1, 1], { filter })).rejects.toMatchObject(refused)
      await expect(indexer.count(docs([]), context({ filter }))).rejects.toMatchObject(refused)
      await expect(indexer.delete(docs([]), context({ filter }))).rejects.toMatchObject(refused)
    }
  })

  it('but not comparisons of fields of any type, with null, and of other tags', async () => {
    expect(await count({ tags__n: { $eq: '{tags__f}' } })).toBe(1)
    expect(await count({ tags__n: { $neq: null } })).toBe(100)
    expect(await count({ tags__n: { $in: [null, 3] } })).toBe(1)
    expect(await count({ tags__none: { $gt: 'x' } })).toBe(0)
    expect(await count({ tags__n: { $gt: 49.5 } })).toBe(50)
  })
})

describe('a large filter', () => {
  it('is accepted up to the limits, whatever it contains', async () => {
    const ids = times(50_000, (at) => `d${2 * at}`)
    const numbers = times(50_000, (at) => 3 * at)
    const or = times(9_000, (at) => ({ tags__n: { $eq: 10 * at } }))
    const deep = times(14, () => 0).reduce<object>((filter) => ({ $not: [filter] }), { tags__n: { $lt: 10 } })
    const wide = times(6, () => 0).reduce<object>(
      (filter) => ({ $or: [...times(1000, (at) => ({ tags__s: { $eq: `'${at}` } })), filter] }),
      { tags__n: { $lt: 10 } },
    )
    const cases: readonly (readonly [object, number])[] = [
      [{ id: { $in: ids } }, 50],
      [{ id: { $nin: ids } }, 50],
      [{ tags__n: { $in: numbers } }, 34],
      [{ tags__f: { $nin: [...numbers, null] } }, 83],
      [{ $or: or }, 10],
      [{ $and: or.map((filter) => ({ $not: filter })) }, 90],
      [deep, 10],
      [wide, 10],
      [{ $or: [...or, { text: { $eq: 'text 7' } }] }, 11],
      [{ text: { $in: times(50_000, (at) => `text ${at * 50}`) } }, 2],
    ]
    for (const [filter, expected] of cases) {
      expect(await count(filter)).toBe(expected)
      for (const indexer of [memory, disk]) {
        expect(await find(indexer, [1, 1], { filter, limit: 1000 })).toHaveLength(expected)
      }
    }
  }, 120_000)

  it.each([
    ['conditions', { $or: times(40_000, (at) => ({ id: { $eq: `d${at}` } })) }, /10000 conditions/],
    ['empty conditions', { $and: times(40_000, () => ({})) }, /10000 conditions/],
    ['values', { id: { $in: times(100_001, (at) => `d${at}`) } }, /100000 values/],
    ['levels', times(30, () => 0).reduce<object>((filter) => ({ $not: filter }), {}), /16 levels/],
    ['characters', { id: { $eq: 'x'.repeat(5_000_000) } }, /4000000 characters/],
    ['patterns', { $or: times(33, () => ({ text: { $regex: 'a' } })) }, /32 patterns/],
  ])('with too many %s is refused, and says so', async (_, filter, message) => {
    await expect(find(memory, [1, 1], { filter })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message) as string,
    })
  })

  it('with a pattern that makes a RegExp backtrack is answered', async () => {
    await memory.index(docs([{ id: 'long', text: `${'a'.repeat(50_000)}!`, embedding: [1, 1] }]))
    for (const indexer of [memory, disk]) {
      expect(await find(indexer, [1, 1], { filter: { text: { $regex: '^(a+)+$' } } })).toEqual([])
      const matches = await find(indexer, [1, 1], { filter: { text: { $regex: '^(a+)+!$' } } })
      expect(matches.map(([id]) => id)).toEqual(['long'])
    }
    await memory.delete(docs([{ id: 'long' }]), context())
  })

  it('yields to other work, and stops when its result is no longer wanted', async () => {
    const filter = { $or: times(9_000, (at) => ({ tags__n: { $eq: -at - 1 } })) }
    const gone = new AbortController()
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
      if (turns === 3) gone.abort()
    }, 0)
    const query = docs([{ embedding: [1, 1] }])
    const many = Array.from({ length: 20 }, () => memory.search(query, context({ filter }, gone.signal)))
    const outcomes = await Promise.allSettled(many)
    clearInterval(timer)
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } })
  })
})
