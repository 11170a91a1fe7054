import { expect, it } from 'vitest'
import { failuresIn } from './failures.js'

const time = '2026-11-30T12:00:00.000Z'

function entry(requestId: string, more: object = {}): string {
  const error = { name: 'RangeError', message: 'no', stack: 'RangeError: no\n    at here' }
  const own = { time, level: 'error', name: 'upper/rep-0', pid: 7, message: 'upper failed: RangeError: no' }
  return JSON.stringify({ ...own, endpoint: '/fail', code: 'EXECUTOR_FAILED', requestId, error, ...more })
}

it('finds the requests that failed, newest first, with code, message and the stacks of causes', () => {
  const cause = { name: 'Error', message: 'disk', stack: 'Error: disk\n    at there' }
  const error = { name: 'RangeError', message: 'no', stack: 'RangeError: no\n    at here', cause }
  const refused = { code: 'INVALID_INPUT', error: undefined, message: 'upper refused a request: odd' }
  expect(failuresIn([entry('a'), entry('b', { error }), entry('c', refused)])).toEqual([
    {
      ...{ time, pod: 'upper/rep-0', requestId: 'c', endpoint: '/fail', code: 'INVALID_INPUT' },
      ...{ message: 'upper refused a request: odd', stack: '' },
    },
    {
      ...{ time, pod: 'upper/rep-0', requestId: 'b', endpoint: '/fail', code: 'EXECUTOR_FAILED' },
      message: 'RangeError: no',
      stack: 'RangeError: no\n    at here\nCaused by: Error: disk\n    at there',
    },
    expect.objectContaining({ requestId: 'a', stack: 'RangeError: no\n    at here' }),
  ])
})

it('passes over what is no failed request, and shards that failed in the same request', () => {
  const others = [
    entry('a', { code: 'E_MINE' }),
    entry('b', { endpoint: undefined }),
    '{"requestId":"c","code":"INTERNAL"',
    '"requestId" "code"',
    'printed',
  ]
  expect(failuresIn(others)).toEqual([])
  expect(failuresIn([entry('a', { name: 'upper/shard-0/rep-0' }), entry('a')])).toHaveLength(1)
})

it('is bounded in number and in size', () => {
  const error = { name: 'Error', message: 'long', stack: 'x'.repeat(20_000) }
  const lines = Array.from({ length: 30 }, (_, index) => entry(String(index), { error }))
  const found = failuresIn(lines)
  expect(found.map(({ requestId }) => requestId)).toEqual(
    Array.from({ length: 20 }, (_, i) => String(29 - i)),
  )
  expect(found.every(({ stack }) => stack.length === 8192)).toBe(true)
})
