import { expect, it } from 'vitest'
import { acceptedEncoding } from './accepted-encoding.js'

const offered = ['zstd', 'br', 'gzip'] as const

it.each([
  [undefined, null],
  ['', null],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br', 'br'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['br;q=1.0, gzip;q=1', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['gzip ; q=0.001', 'gzip'],
  ['gzip;q=0', null],
  ['gzip;q=0.000', null],
  ['*', 'zstd'],
  ['*;q=0', null],
  ['*;q=0.1, zstd;q=0', 'br'],
  ['identity', null],
  ['identity, gzip', 'gzip'],
  ['identity;q=1, gzip;q=0.5', null],
  ['identity;q=0.5, gzip;q=0.4, br;q=0.6', 'br'],
  ['identity;q=0, *;q=0', null],
  ['gzip;q=2', null],
  ['gzip;q=x', null],
  ['gzip;level=5', null],
  ['compress', null],
  [`${'a,'.repeat(40)}gzip`, null],
])('%j prefers %s', (header, expected) => {
  expect(acceptedEncoding(header, offered)).toBe(expected)
})
