import { describe, expect, it } from 'vitest'
import { DocumentArray, type Filter } from './index.js'

const docs = new DocumentArray(
  Array.from({ length: 5 }, (_, n) => ({
    id: `x${n}`,
    text: n === 0 ? '' : `hello ${n}`,
    weight: n * 0.5,
    uri: `u${n}`,
    tags: { n, s: 'ab'.repeat(n), o: { p: n * 1.5 }, l: Array(n).fill(1), nul: null, e: '', b: '{x}', d: {} },
  })),
)
docs.at(1)!.tags['only'] = 'yes'
docs.at(2)!.chunks.push({ text: 'c' })
docs.at(3)!.embedding = [1, 2]
docs.at(4)!.scores['cosine'] = { value: 0.5 }

const found = (filter: Filter): string => Array.from(docs.find(filter), (document) => document.id[1]).join('')

describe('find with a filter', () => {
  // the results of docarray 0.21
  it.each<[Filter, string]>([
    [{}, '01234'],
    [{ tags__n: { $gt: 2 } }, '34'],
    [{ tags__n: { $gte: 2 } }, '234'],
    [{ tags__n: { $lt: 2 } }, '01'],
    [{ tags__n: { $lte: 2 } }, '012'],
    [{ tags__n: { $eq: 2 } }, '2'],
    [{ tags__n: { $neq: 2 } }, '0134'],
    [{ tags__n: { $gt: 1, $lt: 4 } }, '23'],
    [{ tags__n: { $gt: 1 }, text: { $regex: '3' } }, '3'],
    [{ tags__o__p: { $gt: 3 } }, '34'],
    [{ tags__missing: { $gt: 1 } }, ''],
    [{ tags__missing: { $exists: false } }, '01234'],
    [{ tags__missing: { $exists: true } }, ''],
    [{ tags__nul: { $exists: true } }, ''],
    [{ tags__only: { $exists: true } }, '1'],
    [{ tags__only: { $neq: 'yes' } }, '0234'],
    [{ tags__only: { $eq: null } }, '0234'],
    [{ tags__s: { $regex: '^abab' } }, '234'],
    [{ text: { $regex: /LO 2/i } }, '2'],
    [{ tags__l: { $size: 2 } }, '2'],
    [{ tags__s: { $size: 4 } }, '2'],
    [{ tags: { $size: 8 } }, '0234'],
    [{ chunks: { $size: 1 } }, '2'],
    [{ chunks: { $exists: true } }, '2'],
    [{ tags__n: { $in: [1, 2] } }, '12'],
    [{ tags__n: { $nin: [1, 2] } }, '034'],
    [{ tags__l: { $in: [[1], [1, 1]] } }, '12'],
    [{ tags__o: { $eq: { p: 3 } } }, '2'],
    [{ id: { $in: ['x1', 'x2'] } }, '12'],
    [{ text: { $eq: '' } }, '0'],
    [{ text: { $exists: true } }, '1234'],
    [{ embedding: { $exists: true } }, '3'],
    [{ mime_type: { $exists: true } }, ''],
    [{ weight: { $exists: true } }, '1234'],
    [{ granularity: { $exists: true } }, ''],
    [{ id: { $exists: true } }, '01234'],
    [{ tags: { $exists: true } }, '01234'],
    [{ chunks: { $exists: true } }, '2'],
    [{ tags__s: { $exists: true } }, '01234'],
    [{ tags__l: { $exists: true } }, '01234'],
    [{ tags__e: { $exists: true } }, '01234'],
    [{ tags__d: { $exists: true } }, '01234'],
    [{ tags__n: { $exists: true } }, '01234'],
    [{ tags__nul: { $exists: false } }, '01234'],
    [{ tags__none: { $exists: false } }, '01234'],
    [{ weight: { $gt: 1 } }, '34'],
    [{ scores__cosine__value: { $gt: 0.1 } }, '4'],
    [{ $and: { tags__n: { $gt: 1 }, text: { $regex: '3' } } }, '3'],
    [{ $and: [{ tags__n: { $gt: 1 } }, { text: { $regex: '3' } }] }, '3'],
    [{ $or: { tags__n: { $gt: 3 }, text: { $regex: '1' } } }, '14'],
    [{ $or: [{ tags__n: { $gt: 3 } }, { tags__n: { $lt: 1 } }] }, '04'],
    [{ $not: { tags__n: { $gt: 2 } } }, '012'],
    [{ tags__n: { $eq: '{tags__n}' } }, '01234'],
    [{ uri: { $eq: '{ uri }' } }, '01234'],
    [{ uri: { $eq: '{uri} more' } }, '01234'],
    [{ uri: { $eq: 'u{tags__n}' } }, ''],
    [{ tags__b: { $in: ['{x}'] } }, '01234'],
    [{ tags__b: { $regex: '\\{x\\}' } }, '01234'],
    [{ tags__n: { $eq: '{tags__none}' } }, ''],
  ])('%j passes %s', (filter, expected) => {
    expect(found(filter)).toBe(expected)
  })

  it('compares only comparable values', () => {
    expect(found({ tags__s: { $gt: 1 } })).toBe('')
  })

  it('matches a caller’s pattern in linear time, and uses a RegExp unchanged', () => {
    const long = new DocumentArray([{ id: 'a', text: `${'a'.repeat(100_000)}!` }])
    expect(long.find({ text: { $regex: '^(a+)+$' } })).toHaveLength(0)
    expect(long.find({ text: { $regex: '^(a+)+!$' } })).toHaveLength(1)
    expect(() => long.find({ text: { $regex: '(?=a)' } })).toThrow(/\$regex "\(\?=a\)" cannot be used/)
    expect(long.find({ text: { $regex: /(?=a)/ } })).toHaveLength(1)
  })

  it('looks values up in a list of mixed types', () => {
    const list = [...Array.from({ length: 50_000 }, (_, at) => at + 100), 3, null, Number.NaN, { a: [1] }]
    expect(found({ tags__n: { $in: list } })).toBe('3')
    expect(found({ tags__none: { $in: list } })).toBe('01234')
    const nested = new DocumentArray([
      { tags: { v: { a: [1] } } },
      { tags: { v: { a: [2] } } },
      { tags: { v: Number.NaN } },
    ])
    expect(nested.find({ tags__v: { $in: list } })).toHaveLength(1)
    expect(nested.find({ tags__v: { $nin: list } })).toHaveLength(2)
  })

  it('returns no more than the limit', () => {
    expect(docs.find({ tags__n: { $gt: 0 } }, { limit: 2 }).length).toBe(2)
  })

  it('does not look into prototypes', () => {
    expect(found({ tags__constructor: { $exists: true } })).toBe('')
    expect(found({ tags____proto__: { $exists: true } })).toBe('')
  })

  it.each<Filter>([
    { tags__n: 2 },
    { tags__n: {} },
    { tags__n: { $foo: 1 } },
    { tags__n: { $in: 1 } },
    { tags__n: { $exists: 1 } },
    { uri: { $eq: '{a b}' } },
    { uri: { $eq: '{uri}{id}' } },
    { uri: { $eq: '{' } },
    { uri: { $eq: '{}' } },
    { tags__b: { $eq: '{x}' } },
    { tags__b: { $regex: '{x}' } },
    { tags__n: { $not: { $gt: 2 } } },
    { text: { $regex: '[' } },
    { $foo: 1 },
    { $and: 1 },
    { nofield: { $eq: 1 } },
  ])('refuses %j', (filter) => {
    expect(() => found(filter)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})
