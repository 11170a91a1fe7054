import * as fc from 'fast-check'
import { z } from 'zod'
import { emptyArray } from '../dtype.js'
import { NdArray } from '../nd-array.js'
import { bytes, doc, optional, tensor, type TypedBase } from '../typed/index.js'
import { typestrOf } from '../typed/tensor-field.js'
import type { DocClass, Field } from '../typed/types.js'

type Values = Readonly<Record<string, unknown>>

/** A class of documents whose fields are not known to TypeScript. */
export type AnyClass = DocClass & {
  list(documents: readonly Values[]): Iterable<TypedBase> & { toArray(): unknown }
}

/** A class of typed documents, and documents of it as plain data. */
export interface RandomTyped {
  readonly Class: AnyClass
  readonly documents: readonly Values[]
}

/** A field of a class, and its values. */
interface RandomField {
  readonly field: Field
  readonly value: fc.Arbitrary<unknown>
}

const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('text', 'uri', 'blob', 'tensor', 'embedding', 'matches', 'chunks'),
    fc.constantFrom('title', 'tags', 'weight', 'größe', 'author'),
  ),
  { minLength: 1, maxLength: 5 },
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const text = fc.string({ unit: 'binary', maxLength: 8 })
const key = fc.string({ maxLength: 4 }).map((end) => `k${end}`)

const plain = fc.constantFrom<RandomField>(
  { field: z.string(), value: text },
  { field: z.number(), value: fc.oneof(finite, fc.integer()) },
  { field: z.boolean(), value: fc.boolean() },
  { field: z.string().nullable(), value: fc.option(text) },
  { field: z.number().optional(), value: fc.option(finite, { nil: undefined }) },
  { field: z.union([z.number(), z.string()]), value: fc.oneof(fc.integer(), text) },
  { field: z.array(z.number()), value: fc.array(finite, { maxLength: 3 }) },
  {
    field: z.record(z.string(), z.unknown()),
    value: fc.dictionary(key, fc.oneof(finite, text), { maxKeys: 3 }),
  },
)

const dtype = fc.constantFrom(
  'bool',
  'int8',
  'uint16',
  'int32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
)
// without elements nested lists do not tell the shape
const shape = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })

const tensors = fc.tuple(dtype, shape).map(([name, lengths]): RandomField => {
  const field = tensor(name, lengths)
  const typestr = typestrOf(field)
  const size = lengths.reduce((product, length) => product * length, 1)
  const value = fc.array(fc.nat({ max: 1 }), { minLength: size, maxLength: size }).map((elements) => {
    const data = emptyArray(typestr, size)
    for (const [at, element] of elements.entries())
      data[at] = typeof data[at] === 'bigint' ? BigInt(element) : element * (name === 'float16' ? 0x3c00 : 1)
    return new NdArray({ data, shape: lengths, dtype: typestr })
  })
  return { field, value }
})

const blobs: RandomField = { field: bytes(), value: fc.uint8Array({ maxLength: 4 }) }

/** Fields and their documents; `levels` of documents in documents. */
function classOf(
  levels: number,
  hasBytes: boolean,
): fc.Arbitrary<{ Class: AnyClass; value: fc.Arbitrary<Values> }> {
  const own: fc.Arbitrary<RandomField>[] = [tensors]
  if (hasBytes) own.push(fc.constant(blobs))
  if (levels > 0) {
    const inner = classOf(levels - 1, hasBytes)
    own.push(inner.map(({ Class, value }) => ({ field: Class, value })))
    own.push(inner.map(({ Class, value }) => ({ field: [Class], value: fc.array(value, { maxLength: 2 }) })))
  }
  const missing = fc.oneof(...own).map(({ field, value }) => ({
    field: optional(field as never) as Field,
    value: fc.option(value, { nil: undefined }),
  }))
  const field = fc.oneof(plain, ...own, missing)
  return names
    .chain((some) => fc.tuple(...some.map((name) => fc.tuple(fc.constant(name), field))))
    .map((fields) => {
      const Class = doc(
        Object.fromEntries(fields.map(([name, one]) => [name, one.field])),
      ) as unknown as AnyClass
      const values = Object.fromEntries(fields.map(([name, one]) => [name, one.value]))
      return { Class, value: fc.record({ id: key, ...values }) }
    })
}

/** Random classes with random documents. `hasBytes`: whether they may have fields of bytes, which JSON has only as text. */
export function randomTyped({ hasBytes }: { readonly hasBytes: boolean }): fc.Arbitrary<RandomTyped> {
  return classOf(1, hasBytes).chain(({ Class, value }) =>
    fc.array(value, { maxLength: 3 }).map((documents) => ({ Class, documents })),
  )
}
