import { expect, test } from 'vitest'
import { areSpecific, parametersFor } from './parameters.js'

test('a prefixed key reaches only its stage, without the prefix', () => {
  const parameters = { exec1__top_k: 5, all: 1 }
  expect(parametersFor('exec1', parameters)).toEqual({ top_k: 5, all: 1 })
  expect(parametersFor('exec2', parameters)).toEqual({ all: 1 })
})

test('the parts of a name with several separators are joined without them', () => {
  expect(parametersFor('ab', { a__b__k: 1 })).toEqual({ k: 1 })
})

test('a separator at the start or the end is part of the key', () => {
  const parameters = { __results__: {}, trailing__: 1, __leading: 2 }
  expect(areSpecific(parameters, ['exec'])).toBe(false)
  expect(parametersFor('exec', parameters)).toEqual(parameters)
})

test('an object under the name of a stage is merged over its parameters', () => {
  const parameters = { top_k: 1, exec1: { top_k: 2 }, exec2: 3 }
  expect(areSpecific(parameters, ['exec1'])).toBe(true)
  expect(parametersFor('exec1', parameters)).toEqual({ top_k: 2, exec1: { top_k: 2 }, exec2: 3 })
  expect(parametersFor('exec2', parameters)).toEqual({ top_k: 1, exec1: { top_k: 2 }, exec2: 3 })
})

test('a key that is a name of the prototype stays a key', () => {
  const parameters = JSON.parse('{"exec": {"__proto__": {"polluted": true}}}') as Record<string, unknown>
  const own = parametersFor('exec', parameters)
  expect(Object.getPrototypeOf(own)).toBe(Object.prototype)
  expect(Object.hasOwn(own, '__proto__')).toBe(true)
})
