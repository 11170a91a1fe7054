import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyStruct } from '../wire/arbitraries.suite.js'
import { decodeStruct, structBytes } from '../wire/struct.js'
import * as bytewise from './parameters.js'

type Parameters = Record<string, unknown>

const areSpecific = (parameters: Parameters, stages: readonly string[]): boolean =>
  bytewise.areSpecific(structBytes(parameters), new Set(stages))
const parametersFor = (stage: string, parameters: Parameters): Parameters =>
  decodeStruct(bytewise.parametersFor(stage, structBytes(parameters)))

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
  expect(areSpecific(parameters, ['exec2', 'other'])).toBe(false)
  expect(parametersFor('exec1', parameters)).toEqual({ top_k: 2, exec1: { top_k: 2 }, exec2: 3 })
  expect(parametersFor('exec2', parameters)).toEqual({ top_k: 1, exec1: { top_k: 2 }, exec2: 3 })
})

test('a key that is a name of the prototype stays a key', () => {
  const parameters = JSON.parse('{"exec": {"__proto__": {"polluted": true}}}') as Parameters
  const own = parametersFor('exec', parameters)
  expect(Object.getPrototypeOf(own)).toBe(Object.prototype)
  expect(Object.hasOwn(own, '__proto__')).toBe(true)
})

describe('on any bytes', () => {
  const stages = ['exec', 'ab', 'no']
  const struct = anyStruct([
    'k',
    'exec',
    'ab',
    'exec__k',
    'a__b__k',
    'no____k',
    '__proto__',
    'x__',
    '__results__',
  ])

  test('whether parameters are specific is what it is of the decoded ones', () => {
    fc.assert(
      fc.property(struct, fc.subarray(stages), (bytes, some) => {
        const decoded = decodeStruct(bytes)
        const expected =
          Object.keys(decoded).some(isPrefixed) || some.some((name) => isObject(own(decoded, name)))
        expect(bytewise.areSpecific(bytes, new Set(some))).toBe(expected)
      }),
    )
  })

  test('what a stage gets is what it would get of the decoded ones', () => {
    fc.assert(
      fc.property(struct, fc.constantFrom(...stages), (bytes, stage) => {
        expect(decodeStruct(bytewise.parametersFor(stage, bytes))).toEqual(
          decodedFor(stage, decodeStruct(bytes)),
        )
      }),
    )
  })

  function decodedFor(stage: string, parameters: Parameters): Parameters {
    const entries = Object.entries(parameters)
    const prefixed = entries.flatMap(([key, value]) => {
      const parts = key.split('__')
      const rest = parts.pop()!
      return isPrefixed(key) && parts.join('') === stage ? [[rest, value] as const] : []
    })
    const nested = own(parameters, stage)
    return Object.fromEntries([
      ...entries.filter(([key]) => !isPrefixed(key)),
      ...prefixed,
      ...(isObject(nested) ? Object.entries(nested) : []),
    ])
  }

  function isPrefixed(key: string): boolean {
    return key.includes('__') && !key.startsWith('__') && !key.endsWith('__')
  }

  function own(parameters: Parameters, key: string): unknown {
    return Object.hasOwn(parameters, key) ? parameters[key] : undefined
  }

  function isObject(value: unknown): value is Parameters {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
})
