import { describe, expect, test } from 'vitest'
import { pollingOf, resolvePolling } from './polling.js'

const polled = (given: unknown, endpoint: string): string | undefined => {
  const table = resolvePolling(given)
  return table && pollingOf(table, endpoint)
}

describe('polling', () => {
  test.each([
    ['ANY', '/index', 'ANY'],
    ['ANY', '/search', 'ALL'],
    ['ANY', '/foo', 'ANY'],
    ['ALL', '/index', 'ANY'],
    ['ALL', '/search', 'ALL'],
    ['ALL', '/foo', 'ALL'],
    ['KEY', '/index', 'KEY'],
    ['KEY', '/delete', 'KEY'],
    ['KEY', '/search', 'ALL'],
    [{}, '/index', 'ANY'],
    [{}, '/search', 'ALL'],
    [{}, '/foo', 'ANY'],
    [{ '*': 'ALL' }, '/index', 'ANY'],
    [{ '*': 'ALL' }, '/foo', 'ALL'],
    [{ '/search': 'ANY', '*': 'ALL' }, '/search', 'ANY'],
    [{ '/index': 'KEY', '/search': 'ALL', '*': 'ANY' }, '/index', 'KEY'],
    ['ANY', '_jina_dry_run_', 'ALL'],
    ['ANY', 'constructor', 'ANY'],
  ])('%j sends %s to %s', (given, endpoint, expected) => {
    expect(polled(given, endpoint)).toBe(expected)
  })

  test.each(['any', 'SOME', 3, null, [], { '/x': 'SOME' }, { x: 'ALL' }])('%j is refused', (given) => {
    expect(resolvePolling(given)).toBeUndefined()
  })
})
