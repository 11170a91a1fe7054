import { describe, expect, test } from 'vitest'
import { coverageOf, sumCoverage } from './coverage.js'

const whole = { total: 3, ok: 2, failed: 0, skipped: 1 }

describe('what parameters say of shards', () => {
  test('is nothing when there is nothing, or something else', () => {
    for (const given of [undefined, null, 3, [], {}, { exec: 'all' }, { exec: { total: '3' } }]) {
      expect(coverageOf({ __coverage__: given })).toBeUndefined()
    }
    expect(
      coverageOf(Object.create({ __coverage__: { exec: whole } }) as Record<string, unknown>),
    ).toBeUndefined()
  })

  test('is by stage', () => {
    expect(coverageOf({ __coverage__: { exec: whole, other: 'unknown' } })).toEqual({ exec: whole })
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
