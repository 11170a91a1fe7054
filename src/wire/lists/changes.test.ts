import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Document, DocumentArray, type DocumentInit } from '../../document/index.js'
import { Writer } from '../../lib/protobuf/writer.js'
import { atOnce } from '../../lib/slices.js'
import { anyBytes, documentsIn, joined, listOf } from './arbitraries.suite.js'
import { type BranchList, mergeChanges } from './changes.js'

const list = (...documents: DocumentInit[]): Uint8Array => new DocumentArray(documents).toProtobuf()
const whole = (...documents: DocumentInit[]): BranchList => ({ list: list(...documents), isWhole: true })
const some = (...documents: DocumentInit[]): BranchList => ({ list: list(...documents), isWhole: false })
const merged = (base: Uint8Array, ...branches: BranchList[]): Document[] => [
  ...documentsIn(atOnce(mergeChanges(base, branches))),
]
const ids = (documents: Iterable<Document>): string => Array.from(documents, ({ id }) => id).join('')

describe('fields', () => {
  it('come from the branch that changed them, whichever branch is first', () => {
    const base = list({ id: 'a', text: 'old', uri: 'u', tags: { left: 1, both: 1, gone: 1 } })
    const encoded = { id: 'a', text: 'old', uri: 'u', tags: { left: 1, both: 1, gone: 1 }, embedding: [1] }
    const tagged = { id: 'a', text: 'new', uri: '', tags: { left: 1, both: 2, right: 1 } }
    for (const branches of [
      [whole(encoded), whole(tagged)],
      [whole(tagged), whole(encoded)],
    ]) {
      const [a] = merged(base, ...branches)
      expect(a).toMatchObject({ text: 'new', uri: '', tags: { left: 1, both: 2, right: 1 } })
      expect(a?.tags).not.toHaveProperty('gone')
      expect(a?.embedding).toMatchObject({ shape: [1] })
    }
  })

  it('that several branches changed are those of the first of them', () => {
    const base = list({ id: 'a', text: 't', tags: { k: 0 }, scores: { s: { value: 0 } } })
    const [a] = merged(
      base,
      whole({ id: 'a', text: 't', tags: { k: 0, x: 'first' }, scores: { s: { value: 0 } } }),
      whole({ id: 'a', text: 'second', tags: { k: 2, x: 'second' }, scores: { s: { value: 2 } } }),
      whole({
        id: 'a',
        blob: Uint8Array.of(3),
        tags: { k: 3 },
        scores: { s: { value: 3 }, t: { value: 3 } },
      }),
    )
    expect([a?.text, a?.tags]).toEqual(['second', { k: 2, x: 'first' }])
    expect(a?.scores).toEqual({ s: { value: 2 }, t: { value: 3 } })
  })

  it('that were only encoded in another way are not changed', () => {
    const entry = (key: string, value: number): Uint8Array =>
      new DocumentArray([{ id: 'a', tags: { [key]: value } }]).at(0)!.toProtobuf()
    // protobuf merges repeated tags, so this is { x: 1, y: 2 } in the other order
    const other = joined([entry('y', 2), entry('x', 1)])
    const reordered: BranchList = { list: listOf([other]), isWhole: true }
    const base = list({ id: 'a', tags: { x: 1, y: 2 } })
    expect(merged(base, reordered, whole({ id: 'a', tags: { x: 5, y: 2 } }))[0]?.tags).toEqual({ x: 5, y: 2 })
    expect(ids(merged(base, reordered, whole()))).toBe('')
  })
})

describe('Documents', () => {
  const base = list({ id: 'a' }, { id: 'b' }, { id: 'c' })

  test('that a branch removed are gone', () => {
    const left = whole({ id: 'a' }, { id: 'b' }, { id: 'c' })
    const filtered = whole({ id: 'a' }, { id: 'c' })
    expect(ids(merged(base, left, filtered))).toBe('ac')
    expect(ids(merged(base, filtered, left))).toBe('ac')
  })

  test('that one branch removed and another changed are as the first of the two says', () => {
    const changed = whole({ id: 'a' }, { id: 'b', text: 'new' }, { id: 'c' })
    const removed = whole({ id: 'a' }, { id: 'c' })
    expect(merged(base, changed, removed).map(({ text }) => text)).toEqual(['', 'new', ''])
    expect(ids(merged(base, removed, changed))).toBe('ac')
  })

  test('that a condition left out come from the other branches', () => {
    expect(ids(merged(base, some({ id: 'a' }), some({ id: 'c' }, { id: 'b' })))).toBe('cba')
    expect(ids(merged(base, some({ id: 'a' }), whole({ id: 'a' }, { id: 'b' }, { id: 'c' })))).toBe('abc')
    expect(ids(merged(base, some({ id: 'a' }), some({ id: 'c' })))).toBe('ac')
  })

  test('that are new follow those of the first branch that changed the order', () => {
    const left = whole({ id: 'a' }, { id: 'b' }, { id: 'c' })
    const sorted = whole({ id: 'c' }, { id: 'n' }, { id: 'b' }, { id: 'a' })
    const appended = whole({ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'm' })
    expect(ids(merged(base, left, sorted, appended))).toBe('cnbam')
    expect(ids(merged(base, appended, sorted))).toBe('abcmn')
  })

  test('that several branches added become one', () => {
    const [one, ...others] = merged(
      list(),
      whole({ id: 'n', tags: { x: 1 } }),
      whole({ id: 'n', text: 't', tags: { x: 2, y: 2 } }),
    )
    expect(others).toEqual([])
    expect([one?.text, one?.tags]).toEqual(['t', { x: 1, y: 2 }])
  })

  test('among chunks and matches follow the same rules', () => {
    const chunked = (...texts: string[]): DocumentInit => ({
      id: 'a',
      chunks: texts.map((text) => ({ id: text.slice(0, 1), text })),
    })
    const [a] = merged(
      list(chunked('1', '2', '3')),
      whole(chunked('1', '2x', '3')),
      whole(chunked('2', '3y', '4')),
    )
    expect(Array.from(a!.chunks, ({ text }) => text)).toEqual(['2x', '3y', '4'])
  })

  test('without an id are told apart by their number', () => {
    const unnamed = list({ id: '', text: '1' }, { id: '', text: '2' })
    const first = whole({ id: '', text: '1' }, { id: '', text: '2', uri: 'u' })
    const second = whole({ id: '', text: '1!' }, { id: '', text: '2' })
    expect(merged(unnamed, first, second).map(({ text, uri }) => [text, uri])).toEqual([
      ['1!', ''],
      ['2', 'u'],
    ])
  })
})

test('passes on the bytes of Documents that one branch changed', () => {
  const large = { id: 'a', blob: new Uint8Array(10_000) }
  const base = list(large, { id: 'b' })
  const first = whole({ ...large, uri: 'u' }, { id: 'b' })
  const pieces = atOnce(mergeChanges(base, [first, whole(large, { id: 'b', text: 't' })]))
  expect(pieces.some(({ buffer, length }) => buffer === first.list.buffer && length > 10_000)).toBe(true)
  expect(joined(pieces)).toEqual(joined([list({ ...large, uri: 'u' }), list({ id: 'b', text: 't' })]))
})

test('keeps unknown fields: of the list those of the first branch, of a Document those of the first that changed them', () => {
  const unknown = (text: string): Uint8Array => {
    const writer = new Writer()
    writer.string(100, text)
    return writer.finish()
  }
  const own = (document: DocumentInit, text: string): Uint8Array =>
    joined([new DocumentArray([document]).at(0)!.toProtobuf(), unknown(text)])
  const base = joined([listOf([own({ id: 'a' }, 'before')]), unknown('list')])
  const branches = ['first', 'second'].map((text) => ({
    list: joined([listOf([own({ id: 'a', [text === 'first' ? 'uri' : 'text']: 'x' }, text)]), unknown(text)]),
    isWhole: true,
  }))
  const text = new TextDecoder().decode(joined(atOnce(mergeChanges(base, branches))))
  expect(text.match(/before|list|first|second/g)).toEqual(['first', 'first'])
})

test('gives a list or MALFORMED for any bytes', () => {
  fc.assert(
    fc.property(
      anyBytes,
      fc.array(anyBytes, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (base, lists, isWhole) => {
        try {
          documentsIn(
            atOnce(
              mergeChanges(
                base,
                lists.map((one) => ({ list: one, isWhole })),
              ),
            ),
          )
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      },
    ),
    { numRuns: 300 },
  )
})
