import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyStruct, garbage } from './arbitraries.suite.js'
import { decodeStruct, structBytes } from './struct.js'
import { withObject } from './struct-entry.js'
import { objectIn, scalarOf, StructReader, valueIn } from './struct-reader.js'

const keys = ['a', 'b', '__proto__', 'constructor', '__results__', 'exec__k', '', 'ключ']
const struct = anyStruct(keys)

/** The own value of a key; inherited ones do not count. */
function member(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
}

describe('a Struct that is only read', () => {
  test('has the keys that a decoded one has', () => {
    fc.assert(
      fc.property(struct, (bytes) => {
        const found = new Set<string>()
        const entries = new StructReader(bytes)
        while (entries.next()) {
          found.add(entries.key)
          for (const key of keys) expect(entries.keyIs(key)).toBe(entries.key === key)
        }
        expect([...found].sort()).toEqual(Object.keys(decodeStruct(bytes)).sort())
      }),
    )
  })

  test('has the values that a decoded one has', () => {
    fc.assert(
      fc.property(struct, fc.constantFrom(...keys), (bytes, key) => {
        const expected = member(decodeStruct(bytes), key)
        const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected)
        const object = objectIn(bytes, key)
        expect(object && decodeStruct(object)).toEqual(isObject ? expected : undefined)
        const value = valueIn(bytes, key)
        const isScalar = ['string', 'number', 'boolean'].includes(typeof expected)
        expect(value && scalarOf(value)).toEqual(isScalar ? expected : undefined)
      }),
    )
  })

  test('gets an object instead of an earlier value', () => {
    fc.assert(
      fc.property(struct, struct, fc.constantFrom(...keys), (bytes, object, key) => {
        const expected = Object.entries(decodeStruct(bytes)).filter(([other]) => other !== key)
        const written = decodeStruct(withObject(bytes, key, [object]))
        expect(written).toEqual(Object.fromEntries([...expected, [key, decodeStruct(object)]]))
      }),
    )
  })

  test('that is truncated, or random bytes, are read or are MALFORMED', () => {
    const cut = fc.tuple(struct, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)))
    fc.assert(
      fc.property(fc.oneof(cut, garbage), (bytes) => {
        try {
          const entries = new StructReader(bytes)
          while (entries.next()) expect([entries.key, entries.keyIsPrefixed, entries.object]).toHaveLength(3)
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
          expect(() => decodeStruct(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['exec__k', true],
    ['a____b', true],
    ['a___b', true],
    ['__results__', false],
    ['__k', false],
    ['k__', false],
    ['a_b', false],
    ['___', false],
    ['____', false],
    ['', false],
  ])('detects whether a key has a prefix: %s', (key, isPrefixed) => {
    const entries = new StructReader(structBytes({ [key]: 1 }))
    entries.next()
    expect(entries.keyIsPrefixed).toBe(isPrefixed)
  })
})
