import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { anyDocument, documentInit, plain } from './arbitraries.suite.js'
import { Document, type DocumentInit, NdArray } from './index.js'

describe('content', () => {
  it('is text, tensor or blob, whichever was set last', () => {
    const document = new Document({ text: 'a' })
    expect([document.content, document.contentType]).toEqual(['a', 'text'])
    document.blob = Uint8Array.of(1)
    expect([document.text, document.tensor, document.contentType]).toEqual(['', undefined, 'blob'])
    document.content = [1, 2]
    expect(document.blob).toBeUndefined()
    expect(document.content).toBeInstanceOf(NdArray)
    document.content = 'b'
    expect([document.text, document.tensor]).toEqual(['b', undefined])
    document.content = undefined
    expect([document.content, document.contentType]).toEqual([undefined, undefined])
  })

  it('stays when another of the three is removed', () => {
    const document = new Document({ text: 'a' })
    document.blob = undefined
    expect(document.content).toBe('a')
    document.text = undefined
    expect(document.content).toBeUndefined()
  })

  it('replaces text that came on the wire', () => {
    const document = Document.fromProtobuf(new Document({ text: 'a' }).toProtobuf())
    document.blob = Uint8Array.of(7)
    const again = Document.fromProtobuf(document.toProtobuf())
    expect([again.text, again.blob]).toEqual(['', Uint8Array.of(7)])
  })

  it('is the last member of the oneof when the wire has several', () => {
    const writer = new Writer()
    writer.string(4, 'text')
    writer.bytes(2, Uint8Array.of(1))
    const document = Document.fromProtobuf(writer.finish())
    expect([document.contentType, document.text]).toEqual(['blob', ''])
  })
})

describe('construction', () => {
  it('makes unique ids of 32 hex characters', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => new Document().id))
    expect(ids.size).toBe(1000)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('puts unknown keys into tags, next to given ones', () => {
    const document = new Document({ text: 'a', lang: 'en', price: 3, tags: { lang: 'de', x: true } })
    expect(document.tags).toEqual({ lang: 'en', price: 3, x: true })
  })

  it('treats null as not given', () => {
    const document = new Document({ text: null, embedding: null, chunks: null } as never)
    expect([document.content, document.embedding, document.chunks.length]).toEqual([undefined, undefined, 0])
  })

  it('does not change prototypes by a tag called __proto__', () => {
    const document = new Document(JSON.parse('{"__proto__": {"admin": true}}') as DocumentInit)
    expect(Object.hasOwn(document.tags, '__proto__')).toBe(true)
    expect((document.tags as { admin?: boolean }).admin).toBeUndefined()
    const again = Document.fromProtobuf(document.toProtobuf())
    expect(Object.hasOwn(again.tags, '__proto__')).toBe(true)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it.each([
    ['text', 5],
    ['id', 5],
    ['blob', 'text'],
    ['tensor', { x: 1 }],
    ['embedding', [[1], [2, 3]]],
    ['tags', [1]],
    ['weight', '1'],
    ['granularity', -1],
    ['adjacency', 1.5],
    ['location', ['x']],
    ['chunks', [5]],
  ])('refuses %s: %j', (key, value) => {
    expect(() => new Document({ [key]: value })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('mimeType', () => {
  it('is guessed from the uri, then from text, unless it was set', () => {
    expect(new Document({ uri: 'https://a/b.PNG?x=1#y' }).mimeType).toBe('image/png')
    expect(new Document({ uri: 'data:audio/mpeg;base64,AA' }).mimeType).toBe('audio/mpeg')
    expect(new Document({ uri: 'a/b' }).mimeType).toBe('')
    expect(new Document({ text: 'a' }).mimeType).toBe('text/plain')
    expect(new Document({ text: 'a', uri: 'a.jpg' }).mimeType).toBe('image/jpeg')
    expect(new Document({ text: 'a', mimeType: 'text/markdown' }).mimeType).toBe('text/markdown')
    expect(new Document().mimeType).toBe('')
  })
})

describe('chunks and matches', () => {
  it('set parent and level of pushed Documents', () => {
    const document = new Document({ id: 'p', granularity: 2, adjacency: 3 })
    document.chunks.push({ id: 'c' })
    document.matches.push({ id: 'm', parentId: 'q' })
    const [chunk, match] = [document.chunks.at(0)!, document.matches.at(0)!]
    expect([chunk.parentId, chunk.granularity, chunk.adjacency]).toEqual(['p', 3, 0])
    expect([match.parentId, match.granularity, match.adjacency]).toEqual(['q', 0, 4])
  })

  it('do so for assigned Documents, and again after decoding', () => {
    const document = new Document({ id: 'p', chunks: [{ id: 'c' }] })
    expect(document.chunks.at(0)!.parentId).toBe('p')
    const again = Document.fromProtobuf(document.toProtobuf())
    again.chunks.push({ id: 'd' })
    expect(again.chunks.at(1)!.granularity).toBe(1)
    expect(Document.fromProtobuf(again.toProtobuf()).chunks.length).toBe(2)
  })

  it('are encoded again when a nested one was changed', () => {
    const document = new Document({ chunks: [{ chunks: [{ text: 'old' }] }] })
    const decoded = Document.fromProtobuf(document.toProtobuf())
    decoded.chunks.at(0)!.chunks.at(0)!.text = 'new'
    const again = Document.fromProtobuf(decoded.toProtobuf())
    expect(again.chunks.at(0)!.chunks.at(0)!.text).toBe('new')
  })
})

describe('protobuf', () => {
  it('returns any Document unchanged', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        expect(plain(Document.fromProtobuf(document.toProtobuf()))).toEqual(plain(document))
      }),
    )
  })

  it('returns any Document unchanged after every field was read and any field was set', () => {
    fc.assert(
      fc.property(anyDocument, documentInit, (document, init) => {
        const decoded = Document.fromProtobuf(document.toProtobuf())
        plain(decoded)
        Object.assign(document, init, { id: 'same' })
        Object.assign(decoded, init, { id: 'same' })
        expect(plain(Document.fromProtobuf(decoded.toProtobuf()))).toEqual(plain(document))
      }),
    )
  })

  it('returns its original bytes while unchanged', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const bytes = document.toProtobuf()
        const decoded = Document.fromProtobuf(bytes)
        expect([decoded.text, decoded.id, decoded.weight, decoded.mimeType]).toBeDefined()
        expect(decoded.toProtobuf()).toEqual(bytes)
      }),
    )
  })

  it('keeps unknown fields, in Documents and inside their chunks', () => {
    const chunk = new Writer()
    chunk.string(1, 'c')
    chunk.string(500, 'chunk extra')
    const writer = new Writer()
    writer.string(99, 'before')
    writer.string(1, 'p')
    writer.bytes(20, Uint8Array.of(10, 0))
    writer.bytes(14, chunk.finish())
    writer.double(98, 1.5)
    const document = Document.fromProtobuf(writer.finish())
    document.text = 'changed'
    document.chunks.at(0)!.text = 'changed too'
    const bytes = Document.fromProtobuf(document.toProtobuf()).toProtobuf()
    expect(fieldsOf(bytes)).toEqual([1, 4, 14, 20, 98, 99])
    expect(fieldsOf(Document.fromProtobuf(bytes).chunks.at(0)!.toProtobuf())).toEqual([1, 4, 500])
  })

  it('merges an embedding and tags that come in pieces, as protobuf requires', () => {
    const one = new Document({ id: 'x', tags: { a: 1 } }).toProtobuf()
    const two = new Document({ id: 'y', tags: { b: 2 } }).toProtobuf()
    const document = Document.fromProtobuf(Uint8Array.of(...one, ...two))
    expect([document.id, document.tags]).toEqual(['y', { a: 1, b: 2 }])
  })

  it('reads packed and unpacked locations', () => {
    const writer = new Writer()
    writer.float(13, 1.5)
    writer.bytes(13, new Uint8Array(Float32Array.of(2.5, 3.5).buffer))
    expect(Document.fromProtobuf(writer.finish()).location).toEqual([1.5, 2.5, 3.5])
  })
})

function fieldsOf(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes)
  const fields: number[] = []
  while (!reader.done) {
    const tag = reader.tag()
    fields.push(tag >>> 3)
    reader.skip(tag)
  }
  return fields.sort((left, right) => left - right)
}
