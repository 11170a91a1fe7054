import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { doc, documentOf } from '../document/typed/index.js'
import { DataRequest } from '../wire/data-request.js'
import { listOfV2, plainDocs } from '../wire/lists/v2/fixture.suite.js'
import { compileCondition, type ConditionSpec } from './condition.js'

const anything: ConditionSpec = { docs: null, parameters: null, headers: null }
const call = new Scope(Number.POSITIVE_INFINITY, { 'x-tenant': 'blue' })

function sent(docs: readonly Document[], parameters: Record<string, unknown> = {}): DataRequest {
  return DataRequest.decode(
    DataRequest.create({ endpoint: '/x', docs: new DocumentArray([...docs]), parameters }).encode(),
  )
}

describe('a condition on documents', () => {
  const { keep, admits } = compileCondition({ ...anything, docs: { tags__n: { $gte: 2 } } })
  const numbered = [1, 2, 3].map((n) => new Document({ id: `${n}`, tags: { n } }))

  test('keeps those that pass, byte for byte', async () => {
    const request = sent(numbered)
    const kept = await keep(request, call)
    expect(kept?.docs.map(({ id }) => id)).toEqual(['2', '3'])
    expect(kept?.list).toEqual(sent(numbered.slice(1)).list)
    expect(admits(request, call)).toBe(true)
  })

  test('returns the request itself when all pass, and nothing when none does', async () => {
    const all = sent(numbered.slice(1))
    expect(await keep(all, call)).toBe(all)
    expect(await keep(sent(numbered.slice(0, 1)), call)).toBeUndefined()
  })

  test('does not hold back a request that has no documents', async () => {
    const empty = sent([])
    expect(await keep(empty, call)).toBe(empty)
  })
})

test('a condition on documents of v2 sees them as Documents', async () => {
  const { keep } = compileCondition({ ...anything, docs: { tags__n: { $gte: 2 }, text: { $neq: 'c' } } })
  const docs = [
    { id: 'a', n: 1, text: 'a' },
    { id: 'b', n: 2, text: 'b' },
    { id: 'c', tags: { n: 3 }, text: 'c' },
    { id: 'd', tags: { n: 4 }, text: 'd' },
  ]
  const request = DataRequest.create({ endpoint: '/x' }).withList([listOfV2(...docs)])
  const kept = await keep(request, call)
  expect(kept?.list).toEqual(listOfV2(docs[1]!, docs[3]!))
  expect(await keep(request.withList([listOfV2(docs[0]!)]), call)).toBeUndefined()
})

test('fields of typed documents go by their names, in both formats', async () => {
  const Author = doc({ name: z.string(), age: z.number() })
  const Book = doc({
    title: z.string(),
    text: z.number(),
    weight: z.number(),
    author: Author,
    uri: z.string(),
  })
  const books = [
    { id: 'a', title: 'Water', text: 1, weight: 2, author: { name: 'Ada', age: 3 }, uri: 'x' },
    { id: 'b', title: 'Fire', text: 5, weight: 6, author: { name: 'Bob', age: 7 }, uri: 'y' },
  ]
  const v1 = sent(books.map((book) => documentOf(new Book(book))))
  const v2 = DataRequest.create({ endpoint: '/x' }).withList([listOfV2(...books)])
  for (const [docs, kept] of [
    [{ title: { $eq: 'Fire' } }, 'b'],
    [{ text: { $lt: 5 } }, 'a'],
    [{ weight: { $gte: 6 } }, 'b'],
    [{ author__name: { $eq: 'Ada' }, author__age: { $lt: 4 } }, 'a'],
    [{ uri: { $in: ['y', 'z'] } }, 'b'],
    [{ weight: { $lt: '{author__age}' }, title: { $neq: 'Fire' } }, 'a'],
    [{ title: { $exists: false } }, ''],
    [{ author__title: { $exists: false } }, 'ab'],
    [{ tags__title: { $eq: 'Water' } }, 'a'],
  ] as const) {
    const { keep } = compileCondition({ ...anything, docs })
    const ids = (await keep(v1, call))?.docs.map(({ id }) => id) ?? []
    const idsOfV2 = plainDocs((await keep(v2, call))?.list ?? new Uint8Array()).map(({ id }) => id)
    expect([ids.join(''), idsOfV2.join('')], JSON.stringify(docs)).toEqual([kept, kept])
  }
})

test.each<[Partial<ConditionSpec>, Record<string, unknown>, boolean]>([
  [{ parameters: { rerank: { $eq: true } } }, { rerank: true }, true],
  [{ parameters: { rerank: { $eq: true } } }, {}, false],
  [{ parameters: { deep__limit: { $lt: 5 } } }, { deep: { limit: 3 } }, true],
  [{ parameters: { limit: { $exists: true } } }, { limit: 0 }, true],
  [{ parameters: { limit: { $exists: true } } }, { other: 0 }, false],
  [{ parameters: { __proto__: { $exists: true }, toString: { $exists: false } } }, {}, true],
  [{ headers: { 'X-Tenant': { $in: ['blue', 'red'] } } }, {}, true],
  [{ headers: { 'x-tenant': { $neq: 'blue' } } }, {}, false],
  [{ headers: { 'x-user': { $exists: true } } }, {}, false],
  [{ headers: { 'x-tenant': { $eq: 'blue' } }, parameters: { k: { $eq: 1 } } }, { k: 2 }, false],
])('%j with the parameters %j: %s', (spec, parameters, expected) => {
  expect(compileCondition({ ...anything, ...spec }).admits(sent([], parameters), call)).toBe(expected)
})

test.each([
  { docs: { nothing: { $is: 1 } } },
  { docs: { text: { $eq: '{' } } },
  { headers: { a: { $is: 1 } } },
])('%j is refused', (spec) => {
  expect(() => compileCondition({ ...anything, ...spec })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  )
})
