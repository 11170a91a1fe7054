import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyDocument, dense, plain, sparse } from './arbitraries.suite.js'
import { CsrMatrix, Document, DocumentArray, NdArray, type Tensor } from './index.js'

const documents = fc.array(anyDocument, { maxLength: 4 })
const decoded = (given: Iterable<Document>): DocumentArray =>
  DocumentArray.fromProtobuf(new DocumentArray(given).toProtobuf())
/** The same, with an object for each Document. */
const looked = (given: Iterable<Document>): DocumentArray => {
  const array = decoded(given)
  array.at(0)
  return array
}

describe('Documents that are bytes', () => {
  it('have the length, texts and contents of their Documents', () => {
    fc.assert(
      fc.property(documents, (given) => {
        const [bytes, objects] = [decoded(given), looked(given)]
        expect(bytes.length).toBe(given.length)
        expect(bytes.texts).toEqual(objects.texts)
        expect(bytes.contents).toEqual(objects.contents)
        expect([...bytes].map(plain)).toEqual([...objects].map(plain))
      }),
    )
  })

  it('are written with new embeddings as their Documents are', () => {
    const rows = fc.option(fc.oneof(dense, sparse), { nil: undefined })
    fc.assert(
      fc.property(fc.array(fc.tuple(anyDocument, rows), { maxLength: 4 }), (pairs) => {
        const given = pairs.map(([document]) => document)
        const embeddings: (Tensor | undefined)[] = pairs.map(([, row]) => row)
        const [bytes, objects] = [decoded(given), looked(given)]
        bytes.embeddings = embeddings
        objects.embeddings = embeddings
        expect(bytes.embeddings).toEqual(objects.embeddings)
        expect(bytes.toProtobuf()).toEqual(objects.toProtobuf())
        expect([...bytes].map(plain)).toEqual([...objects].map(plain))
      }),
    )
  })

  it('lose their embeddings', () => {
    const docs = decoded([new Document({ id: 'a', embedding: [1] }), new Document({ id: 'b' })])
    docs.embeddings = [undefined, new NdArray({ data: Float32Array.of(2) })]
    expect(DocumentArray.fromProtobuf(docs.toProtobuf()).map(({ embedding }) => embedding?.kind)).toEqual([
      undefined,
      'dense',
    ])
    docs.embeddings = undefined
    expect(DocumentArray.fromProtobuf(docs.toProtobuf()).embeddings).toBeUndefined()
  })

  it('keep embeddings that were set before a Document was asked for', () => {
    const docs = decoded([new Document({ text: 'a' }), new Document({ text: 'b' })])
    const matrix = new CsrMatrix({ shape: [2, 9], indptr: [0, 1, 3], indices: [8, 0, 1], data: [1, 2, 3] })
    docs.embeddings = matrix
    expect(docs.embeddings).toBe(matrix)
    docs.at(1)!.text = 'c'
    const again = DocumentArray.fromProtobuf(docs.toProtobuf())
    expect(again.texts).toEqual(['a', 'c'])
    expect(again.embeddings).toEqual(matrix)
  })

  it('refuse a wrong number of embeddings and stay as they were', () => {
    const docs = decoded([new Document({ id: 'a' })])
    const before = docs.toProtobuf()
    expect(() => (docs.embeddings = [undefined, undefined])).toThrow(
      'one value for each of 1 Documents, got 2',
    )
    expect(docs.toProtobuf()).toEqual(before)
  })

  it('give texts that can be changed without changing the Documents', () => {
    const docs = decoded([new Document({ text: 'a' })])
    docs.texts[0] = 'b'
    expect([docs.texts, docs.at(0)!.text]).toEqual([['a'], 'a'])
  })

  it('throw MALFORMED when a Document is no message, as soon as its text is read', () => {
    const docs = DocumentArray.fromProtobuf(Uint8Array.of(10, 2, 34, 9))
    const malformed = expect.objectContaining({ code: 'MALFORMED' })
    expect(docs.length).toBe(1)
    expect(() => docs.texts).toThrow(malformed)
    expect(() => docs.contents).toThrow(malformed)
    expect(() => docs.at(0)!.text).toThrow(malformed)
  })
})

describe('an array extended by Documents that are bytes', () => {
  it('has the same Documents in order', () => {
    const [first, second] = [decoded([new Document({ id: 'a' })]), decoded([new Document({ id: 'c' })])]
    const all = new DocumentArray()
    all.extend(first)
    all.push({ id: 'b' })
    all.extend(second)
    all.extend(all)
    expect([all.length, all.map(({ id }) => id)]).toEqual([6, ['a', 'b', 'c', 'a', 'b', 'c']])
    expect([all.at(0), all.at(2)]).toEqual([first.at(0), second.at(0)])
    expect(all.at(0)).toBe(first.at(0))
    expect(all.at(5)).toBe(second.at(0))
  })

  it('shares changes, whichever array is asked first', () => {
    const docs = decoded([new Document({ text: 'a' }), new Document({ text: 'b' })])
    const other = new DocumentArray()
    other.extend(docs)
    docs.embeddings = [[1], [2]]
    expect(other.at(1)!.embedding).toEqual(new NdArray({ data: Float64Array.of(2) }))
    other.at(0)!.text = 'c'
    expect(docs.texts).toEqual(['c', 'b'])
    expect(docs.toProtobuf()).toEqual(other.toProtobuf())
  })

  it('adopts them as chunks', () => {
    const parent = new Document({ id: 'parent' })
    parent.chunks.extend(decoded([new Document({ id: 'child' })]))
    expect(parent.chunks.at(0)!.parentId).toBe('parent')
  })
})

describe('a row of a sparse matrix', () => {
  it.each([0, 1, 15, 16, 127, 128, 2047, 2048, 16_384])(
    'of %d elements is written as a matrix of one row',
    (count) => {
      for (const columns of [count + 1, 2 ** 31]) {
        const indices = Int32Array.from({ length: count }, (_, index) => index)
        const data = Float64Array.from(indices)
        const matrix = new CsrMatrix({ shape: [1, columns], indptr: [0, count], indices, data })
        const written = (embedding: Tensor): Uint8Array => new Document({ id: 'a', embedding }).toProtobuf()
        expect(Buffer.compare(written(matrix.row(0)), written(matrix))).toBe(0)
      }
    },
  )
})
