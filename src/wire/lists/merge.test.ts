import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plain } from '../../document/arbitraries.suite.js'
import { Document, DocumentArray, type DocumentInit } from '../../document/index.js'
import { Writer } from '../../lib/protobuf/writer.js'
import { atOnce } from '../../lib/slices.js'
import { anyBytes, anyDocument, documentsIn, idsIn, joined, listOf } from './arbitraries.suite.js'
import * as merging from './merge.js'
import type { Ranking } from './ranking.js'

const mergeLists = (...given: Parameters<typeof merging.mergeLists>): Uint8Array[] =>
  atOnce(merging.mergeLists(...given))
const all: Ranking = { limit: null, by: null, order: null }
const unranked: Ranking = { limit: null, by: 'no such score', order: null }
const list = (...documents: DocumentInit[]): Uint8Array => new DocumentArray(documents).toProtobuf()
const merged = (...lists: Uint8Array[]): DocumentArray => documentsIn(mergeLists(lists, all))
const ids = (documents: Iterable<Document>): string[] => Array.from(documents, (document) => document.id)

describe('mergeLists', () => {
  it('yields to other work between slices of many Documents', () => {
    const many = listOf(
      Array.from({ length: 2_000 }, (_, at) => Uint8Array.of(10, 2, 97 + (at % 26), 97 + (at >> 7))),
    )
    const work = merging.mergeLists([many, many], all)
    let slices = 1
    let step = work.next()
    for (; step.done !== true; step = work.next()) slices++
    expect(slices).toBeGreaterThan(8)
    expect(step.value).toEqual(mergeLists([many, many], all))
  })

  it('merges Documents with the same id, in order of first occurrence', () => {
    const docs = merged(
      list({ id: 'a', text: 'A', tags: { x: 1 } }, { id: 'b' }),
      list({ id: 'c' }, { id: 'a', text: 'B', tags: { y: 1 }, uri: 'u', parentId: 'p' }),
      list({ id: 'b', blob: Uint8Array.of(1), tags: { z: 1 } }, { id: 'a', uri: 'v', weight: 2 }),
    )
    expect(ids(docs)).toEqual(['a', 'b', 'c'])
    const [a, b] = [...docs] as [Document, Document]
    expect([a.text, a.tags, a.uri, a.parentId, a.weight]).toEqual(['A', { x: 1 }, 'u', '', 2])
    expect([b.blob, b.tags]).toEqual([Uint8Array.of(1), { z: 1 }])
  })

  it('merges within one list too', () => {
    const docs = merged(list({ id: 'a', text: 'A' }, { id: 'b' }, { id: 'a', uri: 'u' }))
    expect(Array.from(docs, ({ id, text, uri }) => [id, text, uri])).toEqual([
      ['a', 'A', 'u'],
      ['b', '', ''],
    ])
  })

  it('merges no Document that has no id', () => {
    const docs = merged(list({ id: '', text: '1' }, { id: '', text: '2' }), list({ id: '', text: '3' }))
    expect(docs.texts).toEqual(['1', '2', '3'])
  })

  it('gives the same as DocumentArray.reduce where matches are not ranked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyDocument(2), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        (lists) => {
          const decoded = lists.map((documents) => documents.map((bytes) => Document.fromProtobuf(bytes)))
          // reduce treats a value that was not decoded as present
          decoded.flat().forEach(plain)
          const expected = new DocumentArray().reduce(...decoded)
          const found = documentsIn(mergeLists(lists.map(listOf), unranked))
          expect(Array.from(found, plain)).toEqual(Array.from(expected, plain))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('keeps unknown fields: those of the earlier Document and of the first list', () => {
    const writer = new Writer()
    writer.string(100, 'kept')
    const own = joined([Document.fromJSON({ id: 'a' }).toProtobuf(), writer.finish()])
    const later = new Writer()
    later.string(101, 'dropped')
    const other = joined([Document.fromJSON({ id: 'a', text: 't' }).toProtobuf(), later.finish()])
    const found = joined(
      mergeLists([joined([listOf([own]), writer.finish()]), joined([listOf([other]), later.finish()])], all),
    )
    const text = new TextDecoder().decode(found)
    expect(text.match(/kept|dropped/g)).toEqual(['kept', 'kept'])
    expect(DocumentArray.fromProtobuf(found).texts).toEqual(['t'])
  })

  it('passes on what is not merged: large parts are views', () => {
    const large = list({ id: 'a', blob: new Uint8Array(10_000) })
    const small = list({ id: 'a', uri: 'u' }, { id: 'b', blob: new Uint8Array(5000) })
    const pieces = mergeLists([large, small], all)
    const views = pieces.filter(({ buffer }) => buffer === large.buffer || buffer === small.buffer)
    expect(views.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(15_000)
    expect(mergeLists([large], all)).toEqual([large])
  })

  it('merges the chunks of a Document by id, with their matches', () => {
    const shard = (id: string, chunk: string, value: number): Uint8Array =>
      list({
        id: 'q',
        chunks: [{ id: chunk, matches: [{ id, scores: { s: { value } } }] }, { id: 'same' }],
      })
    const [q] = [...merged(shard('m1', 'x', 3), shard('m2', 'y', 2), shard('m3', 'x', 1))]
    expect(ids(q!.chunks)).toEqual(['x', 'same', 'y'])
    expect(ids(q!.chunks.at(0)!.matches)).toEqual(['m3', 'm1'])
  })

  it('truncates matches on every level, also of a single list', () => {
    const match = (id: string): DocumentInit => ({ id, matches: [{ id: '1' }, { id: '2' }, { id: '3' }] })
    const one = list({
      id: 'q',
      matches: [match('a'), match('b'), match('c')],
      chunks: [match('d')],
      text: 't',
    })
    const [q] = [...documentsIn(mergeLists([one], { ...all, limit: 2 }))]
    expect(q!.text).toBe('t')
    expect(ids(q!.matches)).toEqual(['a', 'b'])
    expect(ids(q!.matches.at(1)!.matches)).toEqual(['1', '2'])
    expect(ids(q!.chunks.at(0)!.matches)).toEqual(['1', '2'])
    expect(mergeLists([one], { ...all, limit: 3 })).toEqual([one])
  })

  it('refuses nesting deeper than 64 levels in the parts that it reads', () => {
    const nested = (levels: number): Uint8Array => {
      let bytes = Document.fromJSON({ id: 'a' }).toProtobuf()
      for (let level = 0; level < levels; level++) {
        const writer = new Writer(bytes.length + 20)
        writer.string(1, 'a')
        writer.uint32(5, levels - level - 1)
        writer.string(7, 'a')
        writer.bytes(14, bytes)
        bytes = writer.finish()
      }
      return listOf([bytes])
    }
    expect(idsIn(mergeLists([nested(64), nested(64)], all))).toEqual(['a'])
    expect(() => mergeLists([nested(65), nested(65)], all)).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    )
    expect(() => mergeLists([nested(65)], { ...all, limit: 1 })).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    )
  })

  it('gives a list or MALFORMED for any bytes', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 3 }), fc.option(fc.nat({ max: 2 })), (lists, limit) => {
        try {
          idsIn(mergeLists([...lists, ...lists], { limit, by: null, order: null }))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }),
      { numRuns: 500 },
    )
  })
})
