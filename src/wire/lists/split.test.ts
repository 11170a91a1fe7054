import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document } from '../../document/index.js'
import { documentsIn, id, idsIn, joined, listOf } from './arbitraries.suite.js'
import { compileKey } from './key.js'
import { atOnce } from '../../lib/slices.js'
import * as restoring from './restore.js'
import * as splitting from './split.js'

const document = (documentId: string, text = ''): Uint8Array =>
  new Document({ id: documentId, text }).toProtobuf()
const list = (...ids: string[]): Uint8Array => listOf(ids.map((one) => document(one)))

/** Documents go to the shard that their text names. */
const text = compileKey('text')
const byText = (bytes: Uint8Array): number => Number(text(bytes))

const splitDocuments = (...given: Parameters<typeof splitting.splitDocuments>): splitting.Split =>
  atOnce(splitting.splitDocuments(...given))
const inOrder = (...given: Parameters<typeof restoring.inOrder>): Uint8Array[] =>
  atOnce(restoring.inOrder(...given))

describe('splitDocuments', () => {
  it('gives each shard its Documents in their order, and their positions', () => {
    const whole = listOf([document('a', '2'), document('b', '0'), document('a', '2'), document('c', '2')])
    const split = splitDocuments(whole, byText, 3)
    expect(split.map(({ shard, positions }) => [shard, positions])).toEqual([
      [0, [1]],
      [2, [0, 2, 3]],
    ])
    expect(split.map(({ pieces }) => idsIn(pieces))).toEqual([['b'], ['a', 'a', 'c']])
  })

  it('passes on a list unchanged when it is not split', () => {
    const whole = list('a', 'b')
    expect(splitDocuments(whole, () => 1, 2)).toEqual([{ shard: 1, pieces: [whole], positions: [0, 1] }])
    expect(splitDocuments(new Uint8Array(), () => 1, 2)).toEqual([])
  })

  it('keeps unknown fields of the list', () => {
    const whole = joined([Uint8Array.of(80, 1), listOf([document('a', '0'), document('b', '1')])])
    expect(splitDocuments(whole, byText, 2).map(({ pieces }) => joined(pieces).includes(80))).toEqual([
      false,
      true,
    ])
  })

  it('refuses a shard that does not exist, and bytes that are not a list', () => {
    for (const shard of [-1, 2, 0.5, NaN]) {
      expect(() => splitDocuments(list('a'), () => shard, 2)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
    expect(() => splitDocuments(Uint8Array.of(10, 3), () => 0, 2)).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    )
  })
})

describe('inOrder', () => {
  const request = listOf([document('a', '0'), document('b', '1'), document('c', '0'), document('d', '1')])
  const split = splitDocuments(request, byText, 2)

  it('puts the answers into the order of the request', () => {
    expect(idsIn(inOrder(split, [list('a', 'c'), list('b', 'd')]))).toEqual(['a', 'b', 'c', 'd'])
    expect(idsIn(inOrder(split, [list('c', 'a'), list('d')]))).toEqual(['a', 'c', 'd'])
    expect(idsIn(inOrder(split, [undefined, list('b', 'd')]))).toEqual(['b', 'd'])
    expect(idsIn(inOrder(split, [new Uint8Array(), undefined]))).toEqual([])
  })

  it('gives the list that was split when all shards answer with what they were sent', () => {
    const unchanged = split.map(({ pieces }) => joined(pieces))
    expect(inOrder(split, unchanged, request)).toEqual([request])
    expect(inOrder(split, unchanged, request)[0]).toBe(request)
    expect(Uint8Array.from(joined(inOrder(split, unchanged)))).toEqual(Uint8Array.from(request))
    const changed = [unchanged[0]!, listOf([document('b', '1'), document('d', '2')])]
    expect(joined(inOrder(split, changed, request))).toEqual(joined(inOrder(split, changed)))
    expect(idsIn(inOrder(split, [unchanged[0]!, undefined], request))).toEqual(['a', 'c'])
  })

  it('puts new Documents after their predecessor, or at the end', () => {
    expect(idsIn(inOrder(split, [list('x', 'a', 'y', 'z', 'c'), list('w', 'd', 'b', 'b')]))).toEqual([
      'a',
      'y',
      'z',
      'b',
      'b',
      'c',
      'd',
      'x',
      'w',
    ])
  })

  it('gives a Document of another shard a position that is left over', () => {
    expect(idsIn(inOrder(split, [list('a', 'b', 'c'), list('d')]))).toEqual(['a', 'b', 'c', 'd'])
    expect(idsIn(inOrder(split, [list('a', 'd', 'c'), list('b', 'd')]))).toEqual(['a', 'd', 'b', 'c', 'd'])
  })

  it('takes repeated ids in turn', () => {
    const twice = splitDocuments(
      listOf([document('a', '0'), document('b', '1'), document('a', '0')]),
      byText,
      2,
    )
    const answer = listOf([document('a', 'first'), document('x'), document('a', 'second')])
    const docs = documentsIn(inOrder(twice, [answer, list('b')]))
    expect(Array.from(docs, ({ id, text }) => id + text)).toEqual(['afirst', 'x', 'b', 'asecond'])
  })

  it('throws MALFORMED for an answer that is not a list', () => {
    expect(() => inOrder(split, [Uint8Array.of(10, 3), undefined])).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    )
  })

  const anyId = fc.oneof(id, fc.constant(''))
  const asked = fc.array(fc.tuple(anyId, fc.nat({ max: 3 })), { maxLength: 15 })

  it('undoes a split', () => {
    fc.assert(
      fc.property(asked, (documents) => {
        const whole = listOf(documents.map(([one, shard]) => document(one, `${shard}`)))
        const shares = splitDocuments(whole, byText, 4)
        expect(
          joined(
            inOrder(
              shares,
              shares.map(({ pieces }) => joined(pieces)),
            ),
          ),
        ).toEqual(joined([whole]))
      }),
    )
  })

  it('loses and duplicates nothing, and keeps Documents that a shard inserted after their predecessor', () => {
    const answers = fc.array(fc.option(fc.array(anyId, { maxLength: 8 }), { nil: undefined }), {
      minLength: 4,
      maxLength: 4,
    })
    fc.assert(
      fc.property(asked, answers, (documents, given) => {
        const whole = listOf(documents.map(([one, shard]) => document(one, `${shard}`)))
        const shares = splitDocuments(whole, byText, 4)
        // texts are unique among the Documents of all answers
        const answered = shares.map((_, shard) =>
          given[shard]?.map((one, index) => document(one, `${shard}.${index}`)),
        )
        const found = documentsIn(
          inOrder(
            shares,
            answered.map((answer) => answer && listOf(answer)),
          ),
        )
        const expected = answered.flatMap((answer) => (answer ? [...documentsIn([listOf(answer)])] : []))
        const names = (docs: Iterable<Document>): string[] =>
          Array.from(docs, (one) => `${one.id} ${one.text}`)
        expect(names(found).sort()).toEqual(names(expected).sort())
        const order = names(found)
        const isNew = (one: string): boolean => documents.every(([known]) => known !== one)
        for (const [shard, answer] of answered.entries()) {
          for (const [index, one] of (given[shard] ?? []).entries()) {
            if (answer === undefined || index === 0 || !isNew(one)) continue
            const before = `${given[shard]![index - 1]} ${shard}.${index - 1}`
            expect(order[order.indexOf(`${one} ${shard}.${index}`) - 1]).toBe(before)
          }
        }
      }),
    )
  })
})
