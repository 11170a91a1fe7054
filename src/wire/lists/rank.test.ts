import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray, type Scores } from '../../document/index.js'
import { documentsIn } from './arbitraries.suite.js'
import { atOnce } from '../../lib/slices.js'
import { mergeLists } from './merge.js'
import type { Ranking } from './ranking.js'

type Match = readonly [id: string, score: number | Scores]

const all: Ranking = { limit: null, by: null, order: null }

/** What the matches of one Document become that several shards found some for. */
function merged(lists: readonly (readonly Match[])[], ranking: Partial<Ranking> = {}): Document[] {
  const answers = lists.map((list) => {
    const matches = list.map(
      ([id, score]) =>
        new Document({ id, scores: typeof score === 'number' ? { s: { value: score } } : score }),
    )
    return new DocumentArray([{ id: 'q', matches }]).toProtobuf()
  })
  return [...documentsIn(atOnce(mergeLists(answers, { ...all, ...ranking }))).at(0)!.matches]
}

const ids = (...given: Parameters<typeof merged>): string =>
  merged(...given)
    .map(({ id }) => id)
    .join('')
const scores = (values: Record<string, number>): Scores =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))

const [a1, b2, c3, d1, e2] = [
  ['a', 1],
  ['b', 2],
  ['c', 3],
  ['d', 1],
  ['e', 2],
] as const satisfies Match[]

describe('matches of several shards', () => {
  it('come in the order that the lists have', () => {
    expect(ids([[a1, c3], [b2]])).toBe('abc')
    expect(ids([[c3, a1], [b2]])).toBe('cba')
  })

  it('come with the smallest first when every list is sorted both ways', () => {
    expect(ids([[c3], [b2], [a1]])).toBe('abc')
    expect(ids([[c3], [b2], [a1]], { order: 'descending' })).toBe('cba')
  })

  it('of equal scores come by id', () => {
    expect(ids([[e2, c3], [d1, b2], [a1]])).toBe('adbec')
    expect(ids([[['😀', 1]], [['\uffee', 1]]])).toBe('😀\uffee')
  })

  it('come by a given score and order even where lists are not sorted by it', () => {
    expect(
      ids(
        [
          [c3, a1, e2],
          [b2, d1],
        ],
        { by: 's', order: 'ascending' },
      ),
    ).toBe('adbec')
    expect(
      ids(
        [
          [c3, a1, e2],
          [b2, d1],
        ],
        { by: 's', order: 'descending' },
      ),
    ).toBe('cbead')
  })

  it('come by the first score that all of them have and all lists are sorted by', () => {
    const lists: Match[][] = [
      [
        ['a', scores({ only: 1, wild: 1, fits: 1 })],
        ['b', scores({ wild: 3, fits: 2 })],
        ['c', scores({ wild: 2, fits: 3 })],
      ],
      [['d', scores({ fits: 1.5, wild: 0 })]],
    ]
    expect(ids(lists)).toBe('adbc')
  })

  it('come by the score that is sorted as asked for, when there is one', () => {
    const lists: Match[][] = [
      [
        ['a', scores({ distance: 1, similarity: 9 })],
        ['b', scores({ distance: 2, similarity: 5 })],
      ],
      [['c', scores({ distance: 3, similarity: 8 })]],
    ]
    expect(ids(lists)).toBe('abc')
    expect(ids(lists, { order: 'descending' })).toBe('acb')
    expect(ids([[a1, b2], [c3]], { order: 'descending' })).toBe('cba')
  })

  it('stay in the order of the lists, cut all the same, when nothing fits', () => {
    const noScore: Match = ['n', {}]
    expect(ids([[b2, noScore], [a1]])).toBe('bna')
    expect(ids([[a1, c3, b2], [d1]])).toBe('acbd')
    expect(
      ids(
        [
          [a1, c3],
          [e2, d1],
        ],
        { by: 's' },
      ),
    ).toBe('aced')
    expect(ids([[c3], [a1]], { by: 'none', order: 'ascending' })).toBe('ca')
    expect(
      ids(
        [
          [a1, c3],
          [e2, d1],
        ],
        { limit: 3 },
      ),
    ).toBe('ace')
    expect(
      ids(
        [
          [a1, c3],
          [e2, d1],
        ],
        { limit: 0 },
      ),
    ).toBe('')
  })

  it('of one list stay as they are', () => {
    expect(ids([[c3, a1, b2], []])).toBe('cab')
    expect(ids([[c3, a1, b2], []], { limit: 2, by: 's', order: 'ascending' })).toBe('ca')
  })

  it('of one id become one that has the score of the earlier', () => {
    expect(ids([[['x', 5]], [a1, ['x', 0.5]], [b2]], { by: 's', order: 'ascending' })).toBe('abx')
  })

  it('without a number come last', () => {
    expect(
      ids([
        [a1, ['n', NaN]],
        [b2, ['m', NaN]],
      ]),
    ).toBe('abmn')
    expect(
      ids(
        [
          [c3, ['n', NaN]],
          [b2, a1],
        ],
        { order: 'descending' },
      ),
    ).toBe('cban')
    expect(ids([[['n', NaN], a1], [b2]], { by: 's', order: 'descending' })).toBe('ban')
    expect(ids([[['i', -Infinity], a1], [['j', Infinity]]])).toBe('iaj')
  })

  it('are found by names that objects have too', () => {
    expect(ids([[a1], [b2]], { by: 'constructor', order: 'descending' })).toBe('ab')
    const odd = (value: number): Scores => JSON.parse(`{"__proto__": {"value": ${value}}}`) as Scores
    expect(ids([[['x', odd(2)]], [['y', odd(1)]]])).toBe('yx')
  })

  it('are the same however they are dealt out', () => {
    const match = fc.record({
      id: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      score: fc.oneof(fc.constantFrom(0, 1, -1, NaN), fc.float()),
      list: fc.nat(),
    })
    const cases = fc.record({
      matches: fc.uniqueArray(match, { selector: ({ id }) => id, minLength: 1, maxLength: 40 }),
      limit: fc.option(fc.nat({ max: 45 })),
      order: fc.constantFrom('ascending', 'descending'),
      isCut: fc.boolean(),
      isInferred: fc.boolean(),
    })
    fc.assert(
      fc.property(cases, ({ matches, limit, order, isCut, isInferred }) => {
        const sign = order === 'ascending' ? 1 : -1
        const rank = (score: number): number => (Number.isNaN(score) ? Infinity : score * sign)
        const sorted = [...matches].sort(
          (left, right) =>
            Number(Number.isNaN(left.score)) - Number(Number.isNaN(right.score)) ||
            (rank(left.score) === rank(right.score) ? 0 : rank(left.score) < rank(right.score) ? -1 : 1) ||
            (left.id < right.id ? -1 : 1),
        )
        const expected = sorted.slice(0, limit ?? undefined).map(({ id, score }) => [id, score])
        for (const count of [1, 2, 3, 5, 8]) {
          const lists = Array.from({ length: count }, (_, index) =>
            sorted
              .filter(({ list }) => list % count === index)
              .map(({ id, score }): Match => [id, score])
              // the best of each shard are enough
              .slice(0, isCut ? (limit ?? undefined) : undefined),
          )
          const found = merged(lists, { limit, order: isInferred && order === 'ascending' ? null : order })
          expect(found.map(({ id, scores }) => [id, scores['s']!.value])).toEqual(expected)
        }
      }),
    )
  })
})
