import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyDocument } from './arbitraries.suite.js'
import { documentText } from './json-text.js'
import { CsrMatrix, Document, DocumentArray, NdArray, RawTensor } from './index.js'

describe('JSON of a Document', () => {
  it('has DocArray’s keys, with null for what is empty', () => {
    expect(new Document({ id: 'x' }).toJSON()).toEqual({
      id: 'x',
      parent_id: null,
      granularity: null,
      adjacency: null,
      blob: null,
      tensor: null,
      mime_type: null,
      text: null,
      weight: null,
      uri: null,
      tags: null,
      offset: null,
      location: null,
      embedding: null,
      modality: null,
      evaluations: null,
      scores: null,
      chunks: null,
      matches: null,
    })
  })

  it('writes lists for dense and sparse tensors, base64 for blobs, booleans for bool', () => {
    const csr = new CsrMatrix({ shape: [1, 3], indptr: [0, 1], indices: [1], data: [2.5] })
    const json = new Document({
      blob: Uint8Array.of(0xfb, 0xff, 0xfe),
      embedding: csr,
      scores: { a: { value: 0.5, refId: 'r' } },
      chunks: [{ id: 'c', tensor: new NdArray({ data: Uint8Array.of(1, 0), dtype: '|b1' }) }],
    }).toJSON()
    expect([json.blob, json.embedding, json.chunks?.[0]?.tensor]).toEqual([
      '+//+',
      [[0, 2.5, 0]],
      [true, false],
    ])
    expect(json.scores).toEqual({ a: { value: 0.5, op_name: null, description: null, ref_id: 'r' } })
  })

  it('is that of the same Document after it was encoded', () => {
    const scores = { a: { value: 0.5, refId: 'r' } }
    const texts = { uri: 'a.png', modality: 'm', parentId: 'p' }
    const document = new Document({
      ...{ id: 'x', text: 'ä', embedding: [1, 2], tags: { a: [1] }, weight: 0.5, offset: 2, location: [1] },
      ...{ ...texts, granularity: 1, adjacency: 2, scores, evaluations: scores },
      chunks: [{ id: 'c', tensor: [[1]], matches: [{ id: 'd' }] }],
      matches: [{ id: 'm', blob: Uint8Array.of(1) }],
    })
    const json = JSON.stringify(document)
    const decoded = (): Document => Document.fromProtobuf(document.toProtobuf())
    expect(JSON.stringify(decoded())).toBe(json)
    expect(JSON.parse(documentText(decoded()))).toEqual(JSON.parse(json))
  })

  it('returns any Document unchanged, tensors as doubles', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const text = JSON.stringify(document)
        const again = Document.fromJSON(text)
        expect(JSON.stringify(again.toJSON())).toBe(text)
        expect([again.tags, again.scores, again.weight]).toEqual([
          // JSON has no -0
          JSON.parse(JSON.stringify(document.tags)),
          JSON.parse(JSON.stringify(document.scores)),
          document.weight === 0 ? undefined : document.weight,
        ])
      }),
    )
  })

  it('reads null as NaN where a number was not finite, so that such a score is not the best one', () => {
    const written = JSON.stringify(
      new Document({ scores: { cosine: { value: Number.NaN } }, location: [1, Number.NaN] }).toJSON(),
    )
    const read = Document.fromJSON(written)
    expect(read.scores).toEqual({ cosine: { value: Number.NaN } })
    expect(read.location).toEqual([1, Number.NaN])
    expect(Document.fromJSON({ scores: { cosine: {} } }).scores).toEqual({ cosine: { value: 0 } })
  })

  it('accepts any missing key, ignores unknown ones, and refuses wrong types', () => {
    const document = Document.fromJSON({ foo: 3, text: 'a', embedding: [1, 2], blob: null })
    expect([document.text, document.tags, document.id.length]).toEqual(['a', {}, 32])
    for (const wrong of [
      5,
      [],
      { text: 5 },
      { blob: '%' },
      { blob: 5 },
      { embedding: ['x'] },
      { embedding: {} },
      { tags: [] },
      { chunks: {} },
      { chunks: [5] },
      { scores: { a: { value: 'x' } } },
      '{',
    ]) {
      expect(() => Document.fromJSON(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    expect(() => DocumentArray.fromJSON({})).toThrow('must be an array')
  })

  it('changes no prototype', () => {
    const document = Document.fromJSON(
      '{"tags": {"__proto__": {"admin": 1}}, "scores": {"__proto__": {"value": 1}}}',
    )
    expect(Object.hasOwn(document.tags, '__proto__')).toBe(true)
    expect(Object.keys(document.scores)).toEqual(['__proto__'])
    expect(JSON.stringify(document)).toContain('"__proto__":{"admin":1}')
    expect(({} as { admin?: number }).admin).toBeUndefined()
  })

  it('refuses to nest deeper than 64 levels, both ways', () => {
    const loop = new Document()
    loop.chunks.push(loop)
    expect(() => loop.toJSON()).toThrow('deeper than 64')
    let json: object = {}
    for (let depth = 0; depth < 70; depth++) json = { chunks: [json] }
    expect(() => Document.fromJSON(json)).toThrow('deeper than 64')
  })

  it('refuses tensors it cannot write out', () => {
    const huge = new CsrMatrix({ shape: [1, 2 ** 31], indptr: [0, 0], indices: [], data: [] })
    expect(() => new Document({ embedding: huge }).toJSON()).toThrow('keep it sparse')
    const raw = new RawTensor({ bytes: new Uint8Array(0), shape: [1], dtype: '<c16', clsName: 'numpy' })
    expect(() => new Document({ embedding: raw }).toJSON()).toThrow('<c16')
  })
})
