import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { atOnce } from '../../../lib/slices.js'
import { mergeLists } from '../merge.js'
import type { MatchOrder } from '../ranking.js'
import { Docs, listOfV2, type Plain, plainDocs } from './fixture.suite.js'

const merged = (lists: readonly (readonly Plain[])[], ranking: MatchOrder = null): Plain[] =>
  plainDocs(
    atOnce(
      mergeLists(
        lists.map((docs) => listOfV2(...docs)),
        ranking,
      ),
    ),
  )
const ids = (docs: unknown): unknown[] => (docs as Docs).docs.map(({ id }) => id)

// that DocArray merges so, is checked by test/interop/docarray-v2-reduce.test.ts
describe('documents of v2', () => {
  it('with the same id become one, by the rules of DocArray', () => {
    const left = { id: 'a', text: 'left', views: null, words: ['x'], tags: { a: 1, b: 1 } }
    const right = { id: 'a', text: 'right', views: 3, words: ['x', 'y'], tags: { b: 2 } }
    expect(
      merged([
        [left, { id: 'b', text: 'B' }],
        [{ id: 'c', text: 'C' }, right],
      ]),
    ).toEqual([
      { id: 'a', text: 'right', views: 3, words: ['x', 'x', 'y'], tags: { a: 1, b: 2 } },
      { id: 'b', text: 'B' },
      { id: 'c', text: 'C' },
    ])
  })

  it('become one although a third list has what only the second one has', () => {
    const docs = merged([[{ id: 'a', text: '' }], [{ id: 'b', text: 'x' }], [{ id: 'b', text: 'y' }]])
    expect(docs).toEqual([
      { id: 'a', text: '' },
      { id: 'b', text: 'y' },
    ])
  })

  it('are passed on as they are where nothing is merged', () => {
    const list = listOfV2({ id: 'a', text: 'x'.repeat(10_000) }, { id: 'b', text: '' })
    expect(Buffer.concat(atOnce(mergeLists([list, new Uint8Array()], null))).equals(list)).toBe(true)
  })

  it('without ids are merged by index if each list has those that were sent', () => {
    const asked = listOfV2({ text: 'a', n: null }, { text: 'b', n: null })
    const lists = [1, 2].map((n) => listOfV2({ text: 'a', n }, { text: 'b', n }))
    expect(plainDocs(atOnce(mergeLists(lists, null, asked)))).toEqual([
      { text: 'a', n: 2 },
      { text: 'b', n: 2 },
    ])
  })

  it('and of v1 are not merged with each other', () => {
    const v1 = new DocumentArray([new Document({ text: 'a' })]).toProtobuf()
    expect(() => atOnce(mergeLists([listOfV2({ id: 'a', text: 'a' }), v1], null))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('v1') }),
    )
  })

  it('below 64 levels are malformed', () => {
    const nested = (levels: number): Plain =>
      levels === 0 ? { id: 'a', text: '' } : { id: 'a', text: '', inner: new Docs(nested(levels - 1)) }
    expect(() => merged([[nested(20)], [nested(20)]])).not.toThrow()
    expect(() => merged([[nested(65)], [nested(65)]])).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
  })
})

describe('matches of v2', () => {
  const query = (...matches: [string, unknown][]): Plain[] => [
    { id: 'q', matches: new Docs(...matches.map(([id, scores]) => ({ id, scores }))) },
  ]
  const best = (limit: number | null, order: 'ascending' | 'descending' | null = null): MatchOrder => ({
    limit,
    by: null,
    order,
  })
  const a = { cosine: 0.1 }
  const b = { cosine: 0.2 }
  const c = { cosine: { value: 0.3 } }

  it('of several shards are ranked by score and cut to the limit, as those of v1', () => {
    const shards = [
      query(['c', c], ['d', { cosine: 0.5 }]),
      query(['a', a], ['x', { cosine: 0.9 }]),
      query(['b', b]),
    ]
    expect(ids(merged(shards, best(3))[0]!['matches'])).toEqual(['a', 'b', 'c'])
    expect(ids(merged(shards, best(null))[0]!['matches'])).toEqual(['a', 'b', 'c', 'd', 'x'])
  })

  it('keep the descending order that all lists have', () => {
    const shards = [query(['c', c], ['a', a]), query(['b', b])]
    expect(ids(merged(shards, best(2))[0]!['matches'])).toEqual(['c', 'b'])
  })

  it('without a score keep their order, and those of one shard are only cut', () => {
    expect(ids(merged([query(['b', {}], ['a', {}]), query(['c', {}])], best(2))[0]!['matches'])).toEqual([
      'b',
      'a',
    ])
    expect(ids(merged([query(['c', c], ['a', a])], best(1))[0]!['matches'])).toEqual(['c'])
  })

  it('of documents in other fields are cut, too', () => {
    const inner = query(['a', a], ['b', b])
    const [outer] = merged([[{ id: 'o', parts: new Docs(...inner) }]], best(1))
    expect(ids((outer!['parts'] as Docs).docs[0]!['matches'])).toEqual(['a'])
  })
})
