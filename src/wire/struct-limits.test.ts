import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Writer } from '../lib/protobuf/writer.js'
import { anyStruct, garbage } from './arbitraries.suite.js'
import { decodeStruct, structBytes } from './struct.js'
import { checkStruct, type StructLimits } from './struct-limits.js'

const wide: StructLimits = { bytes: 1_000_000, values: 1_000_000, depth: 64 }

function codeOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}

describe('the check of a Struct', () => {
  test('refuses as MALFORMED exactly what cannot be decoded', () => {
    const struct = anyStruct(['a', 'b', '__proto__', ''])
    const cut = fc.tuple(struct, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)))
    const bent = fc.tuple(struct, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      const other = Uint8Array.from(bytes)
      if (other.length > 0) other[at % other.length] = byte
      return other
    })
    fc.assert(
      fc.property(fc.oneof(struct, cut, bent, garbage), (bytes) => {
        expect(codeOf(() => checkStruct(bytes, wide))).toBe(codeOf(() => decodeStruct(bytes)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('counts members and items on all levels', () => {
    const struct = structBytes({ a: 1, b: { c: 2, d: [3, [4], { e: 5 }] } })
    expect(codeOf(() => checkStruct(struct, { ...wide, values: 9 }))).toBeUndefined()
    expect(() => checkStruct(struct, { ...wide, values: 8 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/more values.*at most 8 .*requestLimits\.parameterValues/),
      }),
    )
  })

  test('counts members that a later one overrides', () => {
    const one = structBytes({ a: 1 })
    const struct = Buffer.concat([one, one, one])
    expect(codeOf(() => checkStruct(struct, { ...wide, values: 2 }))).toBe('INVALID_INPUT')
  })

  test('counts levels of objects and lists below the top', () => {
    const struct = structBytes({ a: [{ b: 1 }] })
    expect(codeOf(() => checkStruct(struct, { ...wide, depth: 2 }))).toBeUndefined()
    expect(codeOf(() => checkStruct(struct, { ...wide, depth: 1 }))).toBe('INVALID_INPUT')
  })

  test('reports how many bytes came and how many are allowed', () => {
    const struct = structBytes({ a: 'x'.repeat(100) })
    expect(() => checkStruct(struct, { ...wide, bytes: 100 })).toThrow(/have 109 bytes; at most 100 /)
  })

  test('stops at the limit, however many values follow', () => {
    // the rest is not even a message
    const writer = new Writer()
    writer.raw(structBytes({ a: 1, b: 2, c: 3 }))
    writer.raw(Uint8Array.of(7, 7, 7))
    expect(codeOf(() => checkStruct(writer.finish(), { ...wide, values: 2 }))).toBe('INVALID_INPUT')
    expect(codeOf(() => checkStruct(writer.finish(), wide))).toBe('MALFORMED')
  })
})
