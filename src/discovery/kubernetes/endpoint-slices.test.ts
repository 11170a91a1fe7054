import { expect, test } from 'vitest'
import { EndpointSlices } from './endpoint-slices.js'
import { slice } from './fake-api.suite.js'

function hostsOf(...slices: ReturnType<typeof slice>[]): readonly string[] {
  const all = new EndpointSlices()
  all.replace(slices)
  return [...all.hosts('a')]
}

test('pods take requests when they are ready, or when their readiness is not known', () => {
  expect(
    hostsOf(slice('a', { '10.0.0.1': { ready: true }, '10.0.0.2': { ready: false }, '10.0.0.3': {} })),
  ).toEqual(['10.0.0.1', '10.0.0.3'])
})

test('pods that are on their way out take none, even if they are said to be ready', () => {
  expect(hostsOf(slice('a', { '10.0.0.1': { ready: true, terminating: true } }))).toEqual([])
})

test('a Service has the pods of all its slices, and of no other Service', () => {
  const other = slice('b', { '10.0.0.9': {} })
  expect(
    hostsOf(slice('a', { '10.0.0.1': {} }), slice('a', { '10.0.0.2': {} }, { name: 'a-2' }), other),
  ).toEqual(['10.0.0.1', '10.0.0.2'])
})

test('a pod with addresses of both kinds counts once', () => {
  const four = slice('a', { '10.0.0.1': {} })
  const six = slice('a', { 'fd00::1': {} }, { name: 'a-6', addressType: 'IPv6' })
  const pod = { uid: 'one' }
  const both = [six, four].map((one) => ({
    ...one,
    endpoints: one.endpoints!.map((endpoint) => ({ ...endpoint, targetRef: pod })),
  }))
  expect(hostsOf(...both)).toEqual(['10.0.0.1'])
})

test('a Service without pods has none', () => {
  expect(hostsOf({ ...slice('a', {}), endpoints: null })).toEqual([])
})
