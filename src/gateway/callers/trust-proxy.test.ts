import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientsBehind } from './clients.js'
import { networksOf, ProxyChain, proxyTrust } from './trust-proxy.js'
import type { TrustProxy } from './trusted-proxies.js'

const header = '198.51.100.1, 203.0.113.7, 10.0.0.2'

describe('the client of a connection from 10.0.0.1', () => {
  it.each<[TrustProxy, string | undefined, string]>([
    [false, header, '10.0.0.1'],
    [true, header, '198.51.100.1'],
    [true, undefined, '10.0.0.1'],
    [1, header, '10.0.0.2'],
    [2, header, '203.0.113.7'],
    [9, header, '198.51.100.1'],
    [['10.0.0.0/8'], header, '203.0.113.7'],
    [['10.0.0.1'], header, '10.0.0.2'],
    [['10.0.0.2'], header, '10.0.0.1'],
    [['10.0.0.0/8', '203.0.113.7/32'], header, '198.51.100.1'],
    [['10.0.0.0/8'], '203.0.113.7:4711', '203.0.113.7'],
    [['10.0.0.0/8'], '[2001:db8::1]:80', '2001:db8::1'],
    [['10.0.0.0/8'], '2001:db8::1', '2001:db8::1'],
    [['10.0.0.0/8', '2001:db8::/32'], '203.0.113.7, 2001:db8::1', '203.0.113.7'],
    [true, 'unknown', '10.0.0.1'],
    [true, '203.0.113.7, _hidden, 10.0.0.2', '10.0.0.2'],
    [true, '', '10.0.0.1'],
  ])('trusting %j, with x-forwarded-for: %s, is %s', (rule, forwardedFor, client) => {
    expect(new ProxyChain(rule).clientOf('10.0.0.1', forwardedFor)).toBe(client)
  })
})

it('a client cannot choose its address with what it writes in front of what the proxies add', () => {
  const forged = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 40 })
  fc.assert(
    fc.property(forged, (entries) => {
      const forwardedFor = [...entries, '203.0.113.7', '10.0.0.2'].join(',')
      for (const rule of [2, ['10.0.0.0/8']]) {
        expect(new ProxyChain(rule).clientOf('10.0.0.1', forwardedFor)).toBe('203.0.113.7')
      }
    }),
  )
})

it('an IPv4 address is trusted also as it is written on a port of IPv6', () => {
  expect(proxyTrust(['10.0.0.0/8'])('::ffff:10.0.0.1', 0)).toBe(true)
  expect(proxyTrust(['10.0.0.0/8'])('::ffff:11.0.0.1', 0)).toBe(false)
})

it.each([
  '',
  'a',
  '10.0.0.0/33',
  '10.0.0/8',
  '::/129',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  'localhost',
])('%j is no network', (text) => {
  expect(() => networksOf(['127.0.0.1', text])).toThrow(TypeError)
})

it('a client behind a proxy is one sender, whichever connection of the proxy it comes on', () => {
  const clientOf = clientsBehind(1)
  const proxy = (port: number) => ({
    address: '10.0.0.1',
    sender: { patient: false, protocol: 'http', client: `10.0.0.1:${port}` },
  })
  const from = (client: string, port: number) => clientOf(proxy(port), { 'x-forwarded-for': client })
  expect(from('203.0.113.7', 1)).toBe(from('203.0.113.7', 2))
  expect(from('203.0.113.7', 1).sender).toEqual({
    patient: false,
    protocol: 'http',
    client: '203.0.113.7',
    address: '203.0.113.7',
  })
  expect(from('203.0.113.8', 1)).not.toBe(from('203.0.113.7', 1))
  const connection = proxy(1)
  expect(clientOf(connection, {})).toBe(connection)
})
