import { expect, it } from 'vitest'
import { DataRequest } from '../wire/data-request.js'
import { Response } from './response.js'
import { sumResults } from './sum-results.js'

function response(results: object, code: 'SUCCESS' | 'ERROR' = 'SUCCESS'): Response {
  const request = DataRequest.create({ endpoint: '/', parameters: { __results__: results } })
  request.status = { code, description: '' }
  return new Response(request)
}

it('adds numbers, joins lists and goes into objects, over pods and responses', () => {
  const responses = [
    response({
      'index/shard-0/rep-0': { updated: 2, missing: ['a'], times: { read: 1 }, snapshot: 'x' },
      'index/shard-1/rep-1': { updated: 3, missing: [], times: { read: 2, write: 5 }, snapshot: 'x' },
    }),
    response({ 'index/shard-0/rep-1': { updated: 10, missing: ['b', 'c'] } }),
    response({}),
    response({ 'index/shard-0/rep-0': { updated: 1000 } }, 'ERROR'),
  ]
  const sum = { updated: 15, missing: ['a', 'b', 'c'], times: { read: 3, write: 5 }, snapshot: 'x' }
  expect(sumResults(responses)).toEqual(sum)
  expect(sumResults(responses, 'index')).toEqual(sum)
  expect(sumResults(responses, 'other')).toEqual({})
  expect(sumResults(responses[1]!)).toEqual({ updated: 10, missing: ['b', 'c'] })
  expect(sumResults([])).toEqual({})
})

it('wants a stage named where several have results', () => {
  const both = response({ 'a/rep-0': { count: 1 }, b: { count: 2 } })
  expect(() => sumResults(both)).toThrow(/the stages a, b have results/)
  expect(sumResults(both, 'b')).toEqual({ count: 2 })
})

it('keeps a key that is called __proto__ a key', () => {
  const sum = sumResults(response({ a: JSON.parse('{"__proto__":{"polluted":1}}') as object }))
  expect(Object.keys(sum)).toEqual(['__proto__'])
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})
