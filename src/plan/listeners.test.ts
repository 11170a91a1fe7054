import { expect, it } from 'vitest'
import type { ProtocolName } from '../gateway/protocols/names.js'
import { createPlan } from './flow-plan.js'
import { entryOf, listenersOf } from './listeners.js'

/** Also of protocols that are not served yet. */
const of = (protocol: readonly string[], port: readonly number[]) =>
  listenersOf({ protocol: protocol as readonly ProtocolName[], host: '::', port })

it.each([
  [['grpc'], [8080], [[8080, 'grpc']]],
  // one port for all
  [['grpc', 'http'], [0], [[0, 'grpc', 'http']]],
  [
    ['grpc', 'http', 'ws'],
    [8080, 8081, 8082],
    [
      [8080, 'grpc'],
      [8081, 'http'],
      [8082, 'ws'],
    ],
  ],
  // 0 is another port each time
  [
    ['grpc', 'http'],
    [0, 0],
    [
      [0, 'grpc'],
      [0, 'http'],
    ],
  ],
  [
    ['grpc', 'http', 'ws'],
    [8080, 8081, 8080],
    [
      [8080, 'grpc', 'ws'],
      [8081, 'http'],
    ],
  ],
  [
    ['grpc', 'grpc'],
    [8080, 8081],
    [
      [8080, 'grpc'],
      [8081, 'grpc'],
    ],
  ],
])('protocols %j on ports %j', (protocol, port, expected) => {
  expect(of(protocol, port)).toEqual(
    expected.map(([at, ...protocols]) => ({ protocols, host: '::', port: at })),
  )
})

it.each([
  [['grpc'], [1, 2], /port must be one number, or as many as there are protocols: 1, not 2/],
  [['grpc', 'http', 'ws'], [1, 2], /as many as there are protocols: 3, not 2/],
  [['grpc', 'grpc'], [0], /protocol has 'grpc' twice for one port/],
  [['grpc', 'http', 'grpc'], [1, 2, 1], /protocol has 'grpc' twice for port 1/],
])('protocols %j on ports %j are refused', (protocol, port, message) => {
  expect(() => of(protocol, port)).toThrow(message)
})

it.each([
  [
    'htpp',
    /protocol must be one of 'grpc', 'http', 'websocket', or a list of that, not "htpp"\. Did you mean 'http'\?/,
  ],
  [['grpc', 'HTPT'], /not \["grpc","HTPT"\]\. Did you mean 'http'\?/],
  ['websockets', /not "websockets"\. Did you mean 'websocket'\?/],
  [[], /protocol must be one of/],
])('protocol %j is refused when the Flow is built, with the nearest name', (protocol, message) => {
  expect(() => createPlan({ protocol: protocol as 'grpc' })).toThrow(message)
})

it.each(['HTTP', 'http', ['Http']])('protocol %j is http', (protocol) => {
  expect(createPlan({ protocol: protocol as 'http' }).settings.protocol).toEqual(['http'])
})

it.each([
  [[['http'], 8080], 'http', 8080],
  [[['http', 'grpc'], 8080], 'grpc', 8080],
] as const)('clients of Millrace enter at %j by %s', ([protocols, port], scheme, at) => {
  expect(entryOf([{ protocols, host: '::', port }])).toEqual({ scheme, host: '::', port: at })
})

it.each([
  ['grpc', 'grpcs'],
  ['http', 'https'],
])('clients of Millrace enter %s with TLS by %s', (protocol, scheme) => {
  expect(entryOf([{ protocols: [protocol], host: '::', port: 1, tls: true }])).toMatchObject({ scheme })
})

it('clients of Millrace enter by gRPC when any port speaks it', () => {
  const listeners = of(['http', 'grpc'], [8080, 8081])
  expect(entryOf(listeners)).toMatchObject({ scheme: 'grpc', port: 8081 })
})

it.each([
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['::', '::'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['localhost', 'localhost'],
])('host %s is %s', (host, expected) => {
  expect(createPlan({ host }).settings.host).toBe(expected)
})

it.each(['127.0.0.1:80', '[::1]:80', 'grpc://a', '[a]', 'a b', ''])('host %j is refused', (host) => {
  expect(() => createPlan({ host })).toThrow(/host must be a host name or an address, without a port/)
})
