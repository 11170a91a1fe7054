import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf'
import { StructSchema } from '@bufbuild/protobuf/wkt'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Writer } from '../lib/protobuf/writer.js'
import { decodeStruct, encodeStruct } from './struct.js'
import { garbage, jsonObject } from './arbitraries.suite.js'

function encode(object: Record<string, unknown>): Uint8Array {
  const writer = new Writer()
  encodeStruct(writer, object)
  return writer.finish()
}

describe('Struct', () => {
  test('what is written here is what protobuf-es reads', () => {
    fc.assert(
      fc.property(jsonObject, (object) => {
        expect(toJson(StructSchema, fromBinary(StructSchema, encode(object)))).toEqual(object)
      }),
    )
  })

  test('what protobuf-es writes is what is read here', () => {
    fc.assert(
      fc.property(jsonObject, (object) => {
        const bytes = toBinary(StructSchema, fromJson(StructSchema, object as JsonObject))
        expect(decodeStruct(bytes)).toEqual(object)
      }),
    )
  })

  test('two concatenated Structs are merged, as protobuf-es merges them', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, (first, second) => {
        const bytes = Buffer.concat([encode(first), encode(second)])
        expect(decodeStruct(bytes)).toEqual(toJson(StructSchema, fromBinary(StructSchema, bytes)))
      }),
    )
  })

  test('numbers are doubles, NaN and the infinities included', () => {
    const numbers = {
      nan: Number.NaN,
      plus: Infinity,
      minus: -Infinity,
      zero: -0,
      big: 2 ** 53,
      tiny: 5e-324,
    }
    expect(decodeStruct(encode(numbers))).toEqual(numbers)
  })

  test('an undefined member is left out and an undefined item is null', () => {
    expect(decodeStruct(encode({ a: undefined, b: [undefined], c: null }))).toEqual({ b: [null], c: null })
  })

  test('an object with a toJSON is written as its result', () => {
    expect(decodeStruct(encode({ at: new Date(0) }))).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  test('a value without a kind and an entry without a value are null', () => {
    expect(decodeStruct(Uint8Array.of(10, 5, 10, 1, 97, 18, 0))).toEqual({ a: null })
    expect(decodeStruct(Uint8Array.of(10, 3, 10, 1, 97))).toEqual({ a: null })
  })

  test('a key __proto__ is an own property and changes no prototype', () => {
    // JSON.parse makes it an own property too
    const bytes = encode(JSON.parse('{"__proto__":{"polluted":true}}'))
    const object = decodeStruct(bytes)
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(Object.keys(object)).toEqual(['__proto__'])
    expect('polluted' in object).toBe(false)
    expect(encode(object)).toEqual(bytes)
  })

  test.each([
    ['a function', { f: () => 1 }, /parameters\.f is a function/],
    ['a bigint', { a: [1n] }, /parameters\.a\[0\] is a bigint/],
    ['a symbol', { s: Symbol('x') }, /parameters\.s is a symbol/],
    ['a Map', { m: new Map() }, /parameters\.m is an instance of Map/],
    ['a typed array', { v: new Float32Array(2) }, /an instance of Float32Array/],
  ])('%s is refused with its path', (_, object, message) => {
    expect(() => encode(object)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    )
  })

  test('an object that contains itself is refused', () => {
    const object: Record<string, unknown> = {}
    object['self'] = [object]
    expect(() => encode(object)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  test('64 levels below the top are written and read, 65 are refused on both sides', () => {
    const nest = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nest(levels - 1) })
    expect(decodeStruct(encode(nest(65)))).toEqual(nest(65))
    expect(() => encode(nest(66))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    const deep = toBinary(StructSchema, fromJson(StructSchema, nest(66) as JsonObject))
    expect(() => decodeStruct(deep)).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
  })

  test('garbage gives an object or MALFORMED, never another error', () => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        try {
          decodeStruct(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }),
    )
  })
})
