import { expect, it } from 'vitest'
import { addressIn } from './gateway-address.js'

it.each([
  [[{ protocols: ['grpc'], host: '0.0.0.0', port: 80 }], 'grpc://127.0.0.1:80'],
  [[{ protocols: ['http', 'grpc'], host: '127.0.0.1', port: 80 }], 'grpc://127.0.0.1:80'],
  [
    [
      { protocols: ['http'], host: '0.0.0.0', port: 80 },
      { protocols: ['grpc'], host: '::', port: 81, tls: true },
    ],
    'grpcs://[::1]:81',
  ],
  [[{ protocols: ['http', 'websocket'], host: '10.0.0.1', port: 80 }], 'http://10.0.0.1:80'],
  [[{ protocols: ['websocket'], host: 'fe80::1', port: 443, tls: true }], 'wss://[fe80::1]:443'],
])('%j is called at %s', (listeners, address) => {
  expect(addressIn({ name: 'shop', listeners })).toBe(address)
})

it('a gateway without a port cannot be called', () => {
  expect(() => addressIn({ name: 'shop', listeners: [] })).toThrow("Flow 'shop' has no port. Say --host.")
})
