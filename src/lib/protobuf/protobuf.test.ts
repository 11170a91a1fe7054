import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { Reader } from './reader.js'
import { Writer } from './writer.js'

// the independent truth is the reader and writer of protobuf-es

const fields = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('uint32' as const), value: fc.nat(0xffffffff) }),
    fc.record({
      kind: fc.constant('int64' as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('float' as const), value: fc.float() }),
    fc.record({
      kind: fc.constant('string' as const),
      value: fc.string({ unit: 'grapheme', maxLength: 300 }),
    }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  ),
)

function writeOurs(
  values: Awaited<ReturnType<typeof fc.sample<never>>> | readonly { kind: string; value: unknown }[],
): Uint8Array {
  const writer = new Writer(1)
  for (const { kind, value } of values) writer[kind as 'uint32'](3, value as number)
  return writer.finish()
}

function writeTheirs(values: readonly { kind: string; value: unknown }[]): Uint8Array {
  const writer = new BinaryWriter()
  const wire = {
    uint32: WireType.Varint,
    int64: WireType.Varint,
    double: WireType.Bit64,
    float: WireType.Bit32,
    string: WireType.LengthDelimited,
    bytes: WireType.LengthDelimited,
  }
  for (const { kind, value } of values) {
    writer.tag(3, wire[kind as keyof typeof wire])
    writer[kind as 'uint32'](value as number)
  }
  return writer.finish()
}

describe('Writer', () => {
  it('writes the bytes protobuf-es writes', () => {
    fc.assert(
      fc.property(fields, (values) => {
        expect(Buffer.from(writeOurs(values))).toEqual(Buffer.from(writeTheirs(values)))
      }),
    )
  })

  it('nests messages whatever room was guessed for their length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20_000 }),
        fc.nat(30_000),
        fc.nat(30_000),
        (payload, outer, inner) => {
          const writer = new Writer(1)
          const a = writer.fork(1, outer)
          const b = writer.fork(2, inner)
          writer.bytes(3, payload)
          writer.join(b)
          writer.string(4, 'after')
          writer.join(a)
          writer.uint32(5, 6)
          const theirs = new BinaryWriter()
            .tag(1, 2)
            .fork()
            .tag(2, 2)
            .fork()
            .tag(3, 2)
            .bytes(payload)
            .join()
            .tag(4, 2)
            .string('after')
            .join()
            .tag(5, 0)
            .uint32(6)
          expect(Buffer.from(writer.finish())).toEqual(Buffer.from(theirs.finish()))
        },
      ),
    )
  })

  it('leaves room that the caller fills', () => {
    const writer = new Writer(1)
    writer.reserve(2, 3).set([7, 8, 9])
    expect([...writer.finish()]).toEqual([0x12, 3, 7, 8, 9])
  })
})

describe('Reader', () => {
  it('reads what protobuf-es wrote', () => {
    fc.assert(
      fc.property(fields, (values) => {
        const reader = new Reader(writeTheirs(values))
        for (const { kind, value } of values) {
          expect(reader.tag() >>> 3).toBe(3)
          const read: unknown = reader[kind as 'uint32']()
          expect(read instanceof Uint8Array ? [...read] : read).toEqual(
            value instanceof Uint8Array ? [...value] : value,
          )
        }
        expect(reader.done).toBe(true)
      }),
    )
  })

  it('reads a negative int32 that was written in ten bytes', () => {
    const reader = new Reader(new BinaryWriter().tag(1, WireType.Varint).int32(-5).finish())
    reader.tag()
    expect(reader.int32()).toBe(-5)
    expect(reader.done).toBe(true)
  })

  it('steps over groups as protobuf-es does', () => {
    const bytes = new BinaryWriter()
      .tag(1, WireType.StartGroup)
      .tag(2, WireType.Varint)
      .uint32(9)
      .tag(1, WireType.EndGroup)
      .tag(3, WireType.Varint)
      .uint32(4)
      .finish()
    const reader = new Reader(bytes)
    reader.skip(reader.tag())
    expect(reader.tag() >>> 3).toBe(3)
  })

  it('answers any bytes with fields or MALFORMED, as protobuf-es does with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(walkOurs(bytes)).toBe(walkTheirs(bytes))
      }),
      { numRuns: 2000 },
    )
  })
})

function walkOurs(bytes: Uint8Array): 'read' | 'refused' {
  const reader = new Reader(bytes)
  try {
    while (!reader.done) {
      const tag = reader.tag()
      reader.skip(tag)
    }
    return 'read'
  } catch (error) {
    if (MillraceError.is(error) && error.code === 'MALFORMED') return 'refused'
    throw error
  }
}

function walkTheirs(bytes: Uint8Array): 'read' | 'refused' {
  const reader = new BinaryReader(bytes)
  try {
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag()
      reader.skip(wire, field)
      if (reader.pos > reader.len) return 'refused'
    }
    return 'read'
  } catch {
    return 'refused'
  }
}
