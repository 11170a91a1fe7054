import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray, NdArray } from './index.js'
import { anyDocument, plain } from './arbitraries.suite.js'

const ids = (documents: Iterable<Document>): string[] => Array.from(documents, (document) => document.id)

describe('reduce', () => {
  it('keeps values of the left, takes missing ones from the right, appends new Documents', () => {
    const left = new DocumentArray([
      {
        id: 'a',
        text: 'A',
        tags: { x: 1 },
        chunks: [{ id: 'c1' }, { id: 'c2' }],
        matches: [{ id: 'm1', uri: 'L' }],
      },
      { id: 'b' },
    ])
    const right = new DocumentArray([
      { id: 'z', text: 'Z' },
      {
        id: 'a',
        text: 'B',
        tags: { y: 1 },
        uri: 'u',
        weight: 2,
        parentId: 'pp',
        embedding: [1],
        chunks: [{ id: 'c2', text: 'r2' }, { id: 'c3' }],
        matches: [{ id: 'm1', text: 'R' }, { id: 'm2' }],
      },
      { id: 'b', blob: Uint8Array.of(1), scores: { q: { value: 1 } } },
    ])
    expect(left.reduce(right)).toBe(left)
    expect(ids(left)).toEqual(['a', 'b', 'z'])
    const a = left.at(0)!
    expect([a.text, a.tags, a.uri, a.weight, a.parentId]).toEqual(['A', { x: 1 }, 'u', 2, ''])
    expect((a.embedding as NdArray).toList()).toEqual([1])
    expect(ids(a.chunks)).toEqual(['c1', 'c2', 'c3'])
    expect(a.chunks.get('c2')!.text).toBe('r2')
    expect(a.chunks.get('c3')!.parentId).toBe('a')
    expect(ids(a.matches)).toEqual(['m1', 'm2'])
    expect([a.matches.at(0)!.text, a.matches.at(0)!.uri]).toEqual(['R', 'L'])
    expect([left.at(1)!.blob, left.at(1)!.scores]).toEqual([Uint8Array.of(1), { q: { value: 1 } }])
  })

  it('takes content only for a Document without any, since it holds one kind only', () => {
    const left = new DocumentArray([{ id: 'a', text: 'A' }])
    left.reduce([new Document({ id: 'a', tensor: [1] })])
    expect(left.at(0)!.content).toBe('A')
  })

  it('concatenates the matches of shards, unsorted', () => {
    const shard = (score: number): DocumentArray =>
      new DocumentArray([{ id: 'q', matches: [{ id: `${score}`, scores: { cosine: { value: score } } }] }])
    expect(ids(shard(3).reduce(shard(1), shard(2)).at(0)!.matches)).toEqual(['3', '1', '2'])
  })

  it('changes nothing for equal arrays, decoded or not', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyDocument, { maxLength: 3, selector: (document) => document.id }),
        (documents) => {
          const docs = new DocumentArray(documents)
          const one = DocumentArray.fromProtobuf(docs.toProtobuf())
          const two = DocumentArray.fromProtobuf(docs.toProtobuf())
          const before = Array.from(docs, plain)
          expect(Array.from(one.reduce(two), plain)).toEqual(before)
        },
      ),
    )
  })
})
