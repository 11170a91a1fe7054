import { describe, expect, test } from 'vitest'
import { sumCoverage } from './coverage.js'
import { coverageIn, withCoverage } from './coverage-bytes.js'
import { decodeStruct, structBytes } from './struct.js'

const whole = { total: 3, ok: 2, failed: 0, skipped: 1 }

describe('the coverage in parameters', () => {
  test('is undefined when there is none, or another value', () => {
    for (const given of [undefined, null, 3, [], {}, { exec: 'all' }, { exec: { total: '3' } }]) {
      expect(coverageIn(structBytes({ __coverage__: given }))).toBeUndefined()
    }
  })

  test('is by stage', () => {
    const parameters = structBytes({ __coverage__: { exec: whole, other: 'unknown' } })
    expect(coverageIn(parameters)).toEqual({ exec: whole })
  })

  test('replaces an earlier one, and keeps the rest', () => {
    const parameters = withCoverage(structBytes({ __coverage__: 5, k: 1 }), { exec: whole })
    expect(decodeStruct(parameters)).toEqual({ k: 1, __coverage__: { exec: whole } })
    expect(decodeStruct(withCoverage(undefined, { exec: whole }))).toEqual({ __coverage__: { exec: whole } })
  })

  test('adds up over stages', () => {
    const failures = [{ shard: 'b/shard-0', code: 'UNAVAILABLE', message: 'gone' }]
    expect(sumCoverage({ a: whole, b: { total: 2, ok: 1, failed: 1, skipped: 0, failures } })).toEqual({
      total: 5,
      ok: 3,
      failed: 1,
      skipped: 1,
      failures,
    })
    expect(sumCoverage({ a: whole })).toEqual(whole)
  })
})
