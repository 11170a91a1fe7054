import { expect, test } from 'vitest'
import { bind, bindingsOf } from './bindings.js'

test('two copies of the package see the same bindings', async () => {
  const copy = './bindings.js?copy'
  const other = (await import(/* @vite-ignore */ copy)) as typeof import('./bindings.js')
  const method = () => {}
  const binding = {
    on: ['/x'],
    write: false,
    batch: undefined,
    allowConcurrent: false,
    types: undefined,
    module: 'file:///x.js',
  }
  other.bind(method, binding)
  expect(other.bind).not.toBe(bind)
  expect(bindingsOf(method)).toEqual([binding])
})

test('bindings of one method add up, and values that are no function have none', () => {
  const method = () => {}
  bind(method, {
    on: ['/x'],
    write: false,
    batch: undefined,
    allowConcurrent: false,
    types: undefined,
    module: null,
  })
  bind(method, {
    on: ['/y'],
    write: true,
    batch: undefined,
    allowConcurrent: false,
    types: undefined,
    module: null,
  })
  expect(bindingsOf(method).map(({ on }) => on)).toEqual([['/x'], ['/y']])
  expect([undefined, null, 'x', () => {}].map((value) => bindingsOf(value).length)).toEqual([0, 0, 0, 0])
})
