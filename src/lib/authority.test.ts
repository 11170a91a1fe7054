import { expect, it } from 'vitest'
import { authority, isWildcard, reachable, withoutBrackets } from './authority.js'

it.each([
  ['localhost', 80, 'localhost:80'],
  ['127.0.0.1', 80, '127.0.0.1:80'],
  ['::1', 80, '[::1]:80'],
  ['fe80::1%eth0', 80, '[fe80::1%eth0]:80'],
  ['::1', undefined, '[::1]'],
  ['localhost', undefined, 'localhost'],
])('host %s and port %s are %s in a URL', (host, port, expected) => {
  expect(authority(host, port)).toBe(expected)
  expect(withoutBrackets(authority(host))).toBe(host)
})

it.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '0::0'])(
  '%s is all interfaces, reached at 127.0.0.1',
  (host) => {
    expect(isWildcard(host)).toBe(true)
    expect(reachable(host)).toBe('127.0.0.1')
  },
)

it.each(['127.0.0.1', '::1', 'localhost', 'fd00::'])('%s is one interface, reached there', (host) => {
  expect(isWildcard(host)).toBe(false)
  expect(reachable(host)).toBe(host)
})
