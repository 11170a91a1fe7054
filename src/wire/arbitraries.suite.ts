import { create, type MessageInitShape } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import {
  type DataRequestProto,
  type DataRequestProto_DataContentProto,
  DataRequestProto_DataContentProtoSchema,
  DataRequestProtoSchema,
  type RouteProtoSchema,
  type StatusProtoSchema,
} from '../../test/gen/docarray_v1/jina_pb.js'

/** Random messages for the property tests of this folder. */

const word = fc.string({ unit: 'binary', maxLength: 20 })

/** Plain JSON objects; `__proto__` is tested on its own, since protobuf-es cannot hold it. */
export const jsonObject: fc.Arbitrary<Record<string, unknown>> = fc.letrec<{
  value: unknown
  object: Record<string, unknown>
}>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    word,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    word.filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 5, noNullPrototype: true },
  ),
})).object

export const status: fc.Arbitrary<MessageInitShape<typeof StatusProtoSchema>> = fc.record(
  {
    code: fc.constantFrom(0 as const, 1 as const),
    description: word,
    exception: fc.record({ name: word, args: fc.array(word), stacks: fc.array(word), executor: word }),
  },
  { requiredKeys: ['code', 'description'] },
)

/** Whole milliseconds, the precision of a Date. */
const timestamp = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }).map((ms) => ({
  seconds: BigInt(Math.floor(ms / 1000)),
  nanos: (ms - Math.floor(ms / 1000) * 1000) * 1_000_000,
}))

export const route: fc.Arbitrary<MessageInitShape<typeof RouteProtoSchema>> = fc.record(
  { executor: word, startTime: timestamp, endTime: timestamp, status },
  { requiredKeys: ['executor'] },
)

/** A DataRequestProto with documents of ids and texts. */
export const dataRequest: fc.Arbitrary<DataRequestProto> = fc
  .record(
    {
      header: fc.record(
        { requestId: word, status, execEndpoint: word, targetExecutor: word, timeout: fc.nat(2 ** 32 - 1) },
        { requiredKeys: ['requestId'] },
      ),
      parameters: jsonObject,
      routes: fc.array(route, { maxLength: 4 }),
      docs: fc.array(fc.record({ id: fc.uuid(), text: word }), { maxLength: 4 }),
    },
    { requiredKeys: ['routes'] },
  )
  .map(({ docs, ...rest }) => {
    const message = create(DataRequestProtoSchema, rest as MessageInitShape<typeof DataRequestProtoSchema>)
    if (docs !== undefined) message.data = dataOf(docs)
    return message
  })

function dataOf(docs: readonly { id: string; text: string }[]): DataRequestProto_DataContentProto {
  const value = {
    docs: docs.map(({ id, text }) => ({ id, content: { case: 'text' as const, value: text } })),
  }
  return create(DataRequestProto_DataContentProtoSchema, { documents: { case: 'docs', value } })
}

/** Bytes that are rarely a message: noise, and messages of small field numbers that were cut or altered somewhere. */
export const garbage: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 63 }), fc.uint8Array({ maxLength: 20 })), { maxLength: 8 })
    .map((fields) => Uint8Array.from(fields.flatMap(([tag, bytes]) => [tag, bytes.length, ...bytes]))),
)

/** The bytes of a google.protobuf.Struct as any peer may write it: keys, values and kinds repeated or missing, unknown fields. */
export function anyStruct(keys: readonly string[]): fc.Arbitrary<Uint8Array> {
  const unknown = fc.constantFrom<number[]>([72, 1], [98, 2, 7, 7], [107, 8, 1, 108])
  const text = word.map((content) => [...Buffer.from(content)])
  return fc
    .letrec<{ struct: number[]; value: number[] }>((tie) => {
      const field = (tag: number, content: fc.Arbitrary<number[]>): fc.Arbitrary<number[]> =>
        content.map((bytes) => [tag, ...varint(bytes.length), ...bytes])
      const several = (parts: fc.Arbitrary<number[]>, maxLength: number): fc.Arbitrary<number[]> =>
        fc.array(parts, { maxLength, depthIdentifier: 'struct' }).map((all) => all.flat())
      const key = field(
        10,
        fc.constantFrom(...keys).map((name) => [...Buffer.from(name)]),
      )
      const entry = fc.oneof(
        { weight: 6, arbitrary: fc.tuple(key, field(18, tie('value'))).map((parts) => parts.flat()) },
        { weight: 1, arbitrary: several(fc.oneof(key, field(18, tie('value')), unknown), 4) },
      )
      const kind = fc.oneof(
        { depthIdentifier: 'struct', depthSize: 'small' },
        field(26, text),
        fc.constantFrom<number[]>([8, 0], [32, 1], [32, 0], [17, 0, 0, 0, 0, 0, 0, 240, 63]),
        field(42, tie('struct')),
        field(50, several(field(10, tie('value')), 3)),
      )
      return {
        value: fc.oneof(
          { weight: 6, arbitrary: kind },
          { weight: 1, arbitrary: several(fc.oneof(kind, unknown), 3) },
        ),
        struct: several(
          fc.oneof({ weight: 6, arbitrary: field(10, entry) }, { weight: 1, arbitrary: unknown }),
          6,
        ),
      }
    })
    .struct.map((bytes) => Uint8Array.from(bytes))
}

function varint(length: number): number[] {
  return length < 0x80 ? [length] : [(length & 0x7f) | 0x80, ...varint(length >>> 7)]
}
