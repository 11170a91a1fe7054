import { expect, test } from 'vitest'
import { parseHost } from './host.js'

test('a host says protocol, name, port and TLS', () => {
  expect(parseHost('grpc://127.0.0.1:54321')).toEqual({
    protocol: 'grpc',
    host: '127.0.0.1',
    port: 54321,
    tls: false,
  })
  expect(parseHost('grpcs://example.org')).toEqual({
    protocol: 'grpc',
    host: 'example.org',
    port: 443,
    tls: true,
  })
  expect(parseHost('example.org/')).toEqual({ protocol: 'grpc', host: 'example.org', port: 80, tls: false })
  expect(parseHost('grpc://[fe80::1%eth0]:99')).toMatchObject({ host: 'fe80::1%eth0', port: 99 })
  expect(parseHost('HTTP://a:8080/')).toEqual({ protocol: 'http', host: 'a', port: 8080, tls: false })
  expect(parseHost('https://a')).toEqual({ protocol: 'http', host: 'a', port: 443, tls: true })
  expect(parseHost('ws://a:8080')).toEqual({ protocol: 'websocket', host: 'a', port: 8080, tls: false })
  expect(parseHost('wss://a')).toEqual({ protocol: 'websocket', host: 'a', port: 443, tls: true })
  expect(parseHost('grpc://[::1]:99')).toEqual({ protocol: 'grpc', host: '::1', port: 99, tls: false })
})

test.each([
  undefined,
  5,
  '',
  'grpc://',
  'grpc://a:b',
  'grpc://a:0',
  'grpc://a:70000',
  'grpc://a:1/path',
  'udp://a:1',
  'a b',
])('%s is refused with what was expected', (host) => {
  expect(() => parseHost(host)).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining("'grpc://127.0.0.1:54321'"),
    }),
  )
})
