import { describe, expect, test } from 'vitest'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from '../wire/data-request.js'
import { listOfV2 } from '../wire/lists/v2/fixture.suite.js'
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
  { docs: { nothing: { $eq: 1 } } },
  { docs: { text: { $eq: '{nothing}' } } },
  { headers: { a: { $is: 1 } } },
])('%j is refused', (spec) => {
  expect(() => compileCondition({ ...anything, ...spec })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  )
})
