import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CsrMatrix, Document, DocumentArray, type DocumentInit, NdArray } from '../document/index.js'
import { field } from '../document/fields.js'
import { Writer } from '../lib/protobuf/writer.js'
import { anyEmbedding } from './embedding.js'
import { rowsOf } from './given-rows.js'
import { type Row, type RowRules, rowOf } from './rows.js'

const rules: RowRules = {
  columns: { year: 'int', lang: 'string' },
  embeddings: { refusesZero: true, refusesLong: true },
}

/** What is stored, or the error. */
function outcomeOf(make: () => readonly Row[]): unknown {
  try {
    return make().map(({ id, vector, document, columns }) => ({
      ...{ id, vector: Array.from(vector), columns: [...columns] },
      document: Document.fromProtobuf(document).toJSON(),
    }))
  } catch (error) {
    return { message: (error as Error).message }
  }
}

function expectSame(list: Uint8Array, given: RowRules = rules): void {
  const asBytes = outcomeOf(() => rowsOf(DocumentArray.fromProtobuf(list), given))
  const asObjects = outcomeOf(() =>
    Array.from(DocumentArray.fromProtobuf(list), (document) => rowOf(document, given)),
  )
  expect(asBytes).toEqual(asObjects)
}

const listOf = (...inits: DocumentInit[]): Uint8Array => new DocumentArray(inits).toProtobuf()

const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 })
const embedding = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(number, { minLength: 1, maxLength: 9 }).map((data) => Float32Array.from(data)),
  },
  fc.array(number, { maxLength: 4 }).map((data) => Float64Array.from(data)),
  fc.constant(Float32Array.of(1, Number.NaN)),
  fc.constant(Float32Array.of(0, 0)),
  fc.constant(undefined),
)
const init: fc.Arbitrary<DocumentInit> = fc.record(
  {
    id: fc.string({ unit: 'grapheme', maxLength: 30 }),
    text: fc.string(),
    tags: fc.dictionary(
      fc.constantFrom('year', 'lang', 'x'),
      fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
    ),
    weight: fc.float({ noNaN: true }),
    embedding: embedding as fc.Arbitrary<Float32Array>,
  },
  { requiredKeys: ['id'] },
)

describe('the rows of encoded Documents', () => {
  it('are those of the Documents, and so are the errors', () => {
    fc.assert(
      fc.property(fc.array(init, { maxLength: 6 }), (inits) => {
        expectSame(listOf(...inits))
        expectSame(listOf(...inits), { columns: {}, embeddings: anyEmbedding })
      }),
    )
  })

  it('are those of the Documents for embeddings in any form', () => {
    const row = Float32Array.of(1, 2, 3)
    const long = Float32Array.of(1e30, 1)
    for (const embedding of [
      new NdArray({ data: row, shape: [1, 3] }),
      new NdArray({ data: row, shape: [1, 1, 3] }),
      new NdArray({ data: row, shape: [3, 1] }),
      new NdArray({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }),
      new NdArray({ data: new Float32Array(0), shape: [0] }),
      new NdArray({ data: Int32Array.of(1, 2) }),
      new CsrMatrix({ shape: [1, 3], indptr: [0, 1], indices: [2], data: [1] }),
      long,
    ])
      expectSame(listOf({ id: 'a', embedding, tags: { year: 1 } }, { id: 'b', embedding: row }))
  })

  it('are those of the Documents whatever the order and number of their fields', () => {
    const parts = [
      { id: 'a' },
      { id: 'b' },
      { text: 't' },
      { embedding: Float32Array.of(1, 2) },
      { embedding: Float32Array.of(3) },
    ].map((given) => new Document({ id: '', ...given }).toProtobuf())
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 6 }), (pieces) => {
        const writer = new Writer(64)
        writer.bytes(1, Buffer.concat(pieces))
        expectSame(writer.finish())
      }),
    )
  })

  it('leave the Documents as the bytes that came', () => {
    const list = listOf({ id: 'a', text: 'x', embedding: Float32Array.of(1, 2) })
    const documents = DocumentArray.fromProtobuf(list)
    const [row] = rowsOf(documents, { columns: {}, embeddings: anyEmbedding })
    // the field after it is the embedding
    expect(row!.document.buffer).toBe(list.buffer)
    expect(list[row!.document.byteOffset - list.byteOffset + row!.document.length]).toBe(
      (((field.embedding << 3) | 2) & 0x7f) | 0x80,
    )
  })
})
