import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../lib/protobuf/writer.js'
import { anyDocument, plain } from './arbitraries.suite.js'
import { CsrMatrix, Document, DocumentArray, documentsLength, encodeDocuments, NdArray } from './index.js'

const ids = (documents: Iterable<Document>): string[] => Array.from(documents, (document) => document.id)
const named = (...names: string[]): DocumentArray => new DocumentArray(names.map((id) => ({ id })))

describe('as a list', () => {
  it('takes Documents and plain objects and iterates them', () => {
    const docs = new DocumentArray([new Document({ id: 'a' }), { id: 'b' }])
    expect(docs.push({ id: 'c' })).toBe(3)
    docs.extend(named('d', 'e'))
    expect(ids(docs)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect([docs.at(0)?.id, docs.at(-1)?.id, docs.at(9)]).toEqual(['a', 'e', undefined])
  })

  it('finds by id, also after pushes, sorts and changed ids', () => {
    const docs = named('a', 'b')
    expect(docs.get('b')).toBe(docs.at(1))
    docs.push({ id: 'c' })
    expect(docs.get('c')).toBe(docs.at(2))
    docs.sort((left, right) => (left.id < right.id ? 1 : -1))
    expect(docs.get('a')).toBe(docs.at(2))
    docs.at(0)!.id = 'new'
    expect([docs.get('new'), docs.get('c')]).toEqual([docs.at(0), undefined])
  })

  it('maps to a plain array, and filters to a DocumentArray of the same Documents', () => {
    const docs = named('a', 'b', 'c')
    expect(docs.map(({ id }, index) => `${index}${id}`)).toEqual(['0a', '1b', '2c'])
    const some = docs.filter((_doc, index) => index !== 1)
    expect(some).toBeInstanceOf(DocumentArray)
    expect(ids(some)).toEqual(['a', 'c'])
    expect(some.at(1)).toBe(docs.at(2))
  })

  it('slices, and picks by position, id and mask', () => {
    const docs = named('a', 'b', 'c')
    expect(ids(docs.slice(1))).toEqual(['b', 'c'])
    expect(ids(docs.slice(0, -2))).toEqual(['a'])
    expect(ids(docs.pick([2, -3]))).toEqual(['c', 'a'])
    expect(ids(docs.pick(['c', 'b']))).toEqual(['c', 'b'])
    expect(ids(docs.pick([true, false, true]))).toEqual(['a', 'c'])
    expect(docs.pick([]).length).toBe(0)
    for (const wrong of [[3], ['x'], [true]]) {
      expect(() => docs.pick(wrong as number[])).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
  })

  it('comes in batches', () => {
    expect([...named('a', 'b', 'c').batch(2)].map(ids)).toEqual([['a', 'b'], ['c']])
    expect(() => [...named('a').batch(0)]).toThrow('size must be at least 1')
  })

  it('takes Documents of another copy of this package', () => {
    const own = new Document({ id: 'a', text: 'b' })
    const foreign = { tags: {}, toProtobuf: () => own.toProtobuf() }
    expect(plain(new DocumentArray([foreign]).at(0)!)).toEqual(plain(own))
  })

  it('shows the fields with values when it is logged', () => {
    const docs = new DocumentArray([{ id: 'a', text: 'b', weight: 0, chunks: [{ id: 'c' }] }])
    const shown = inspect(docs, { breakLength: Infinity, depth: 5 })
    const chunk = "DocumentArray(1) [ Document { id: 'c', granularity: 1, parentId: 'a' } ]"
    expect(shown).toBe(`DocumentArray(1) [ Document { id: 'a', text: 'b', chunks: ${chunk} } ]`)
  })

  it('refuses values that are not a Document', () => {
    expect(() => new DocumentArray(['text' as never])).toThrow(
      'Expected a Document or a plain object, got string',
    )
  })
})

describe('columns', () => {
  it('are texts for Documents with and without text', () => {
    const docs = new DocumentArray([{}, { text: 'a' }, { blob: Uint8Array.of(1) }])
    expect(docs.contents).toEqual(['', 'a', ''])
    docs.texts = ['x', 'y', 'z']
    expect(docs.texts).toEqual(['x', 'y', 'z'])
    expect(docs.at(2)!.blob).toBeUndefined()
    expect(() => (docs.texts = ['x'])).toThrow('Expected a list of one value for each of 3 Documents, got 1')
  })

  it('are blobs, or stacked tensors, if the first content is one', () => {
    expect(new DocumentArray([{ blob: Uint8Array.of(1) }, {}]).contents).toEqual([
      Uint8Array.of(1),
      undefined,
    ])
    const stacked = new DocumentArray([{ tensor: [1, 2] }, { tensor: [3, 4] }]).contents as NdArray
    expect([stacked.shape, stacked.toList()]).toEqual([
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ])
  })

  it('can be set by content of any kind', () => {
    const docs = named('a', 'b', 'c')
    docs.contents = ['text', Uint8Array.of(1), [1, 2]]
    expect(Array.from(docs, (document) => document.contentType)).toEqual(['text', 'blob', 'tensor'])
  })

  it('take nested lists, flat typed arrays of shape, and lists of typed arrays', () => {
    const docs = named('a', 'b')
    docs.embeddings = [
      [1, 2],
      [3, 4],
    ]
    expect((docs.embeddings as NdArray).toList()).toEqual([
      [1, 2],
      [3, 4],
    ])
    docs.embeddings = [Float32Array.of(1), Float32Array.of(2)]
    expect((docs.embeddings as NdArray).dtype).toBe('<f4')
    const matrix = new NdArray({ data: new Float32Array(6), shape: [2, 3] })
    docs.embeddings = matrix
    const row = docs.at(1)!.embedding as NdArray
    expect([row.shape, row.data.buffer]).toEqual([[3], matrix.data.buffer])
    docs.embeddings = undefined
    expect(docs.embeddings).toBeUndefined()
  })

  it('stay lists if tensors do not fit together or are missing', () => {
    const docs = new DocumentArray([{ embedding: [1] }, { embedding: [1, 2] }, {}])
    expect(docs.embeddings).toEqual([docs.at(0)!.embedding, docs.at(1)!.embedding, undefined])
  })

  it('give each Document its row of a CSR matrix without copying, and the same matrix back', () => {
    const data = Float64Array.of(0.5, 1, 2)
    const csr = new CsrMatrix({ shape: [2, 3], indptr: [0, 1, 3], indices: [2, 0, 1], data })
    const docs = named('a', 'b')
    docs.embeddings = csr
    const row = docs.at(1)!.embedding as ReturnType<CsrMatrix['row']>
    expect([row.shape, [...row.indices], [...row.values]]).toEqual([
      [1, 3],
      [0, 1],
      [1, 2],
    ])
    expect(row.values.buffer).toBe(data.buffer)
    expect(docs.embeddings).toBe(csr)
    expect(() => (named('a').embeddings = csr)).toThrow('1 Documents, got 2')
  })
})

describe('protobuf', () => {
  it('returns any Documents unchanged', () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { maxLength: 4 }), (documents) => {
        const again = DocumentArray.fromProtobuf(new DocumentArray(documents).toProtobuf())
        expect(Array.from(again, plain)).toEqual(documents.map(plain))
      }),
    )
  })

  it('writes into an enclosing message, and keeps unknown fields', () => {
    const writer = new Writer()
    writer.bytes(1, new Document({ id: 'a' }).toProtobuf())
    writer.string(7, 'extra')
    const bytes = writer.finish()
    const docs = DocumentArray.fromProtobuf(bytes)
    const outer = new Writer(documentsLength(docs))
    encodeDocuments(outer, docs)
    expect(outer.finish()).toEqual(bytes)
  })

  it('reads lengths and tags with more bytes than needed', () => {
    const docs = DocumentArray.fromProtobuf(Uint8Array.of(0x8a, 0, 0x83, 0, 10, 1, 97))
    expect(ids(docs)).toEqual(['a'])
  })

  it('refuses truncated bytes', () => {
    const malformed = expect.objectContaining({ code: 'MALFORMED' })
    expect(() => DocumentArray.fromProtobuf(Uint8Array.of(10, 5, 1))).toThrow(malformed)
    expect(() => DocumentArray.fromProtobuf(Uint8Array.of(10, 1, 10)).texts).toThrow(malformed)
  })

  it('sends rows of a CSR matrix and stacks them again at the receiver', () => {
    const docs = named('a', 'b', 'c')
    const csr = new CsrMatrix({ shape: [3, 9], indptr: [0, 2, 2, 3], indices: [8, 1, 0], data: [1, 2, 3] })
    docs.embeddings = csr
    const again = DocumentArray.fromProtobuf(docs.toProtobuf()).embeddings as CsrMatrix
    expect(again).toEqual(csr)
  })
})
