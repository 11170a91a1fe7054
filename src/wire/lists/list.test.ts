import { describe, expect, it } from 'vitest'
import { idsIn, listOf } from './arbitraries.suite.js'
import { atOnce } from '../../lib/slices.js'
import { Document } from '../../document/index.js'
import { concatenate, countDocuments, placesIn } from './list.js'

const list = (...ids: string[]): Uint8Array => listOf(ids.map((id) => new Document({ id }).toProtobuf()))

describe('lists', () => {
  it('are counted without a look into the Documents', () => {
    expect(countDocuments(list('a', 'b', 'a'))).toBe(3)
    expect(countDocuments(new Uint8Array())).toBe(0)
    expect(() => countDocuments(Uint8Array.of(10, 9))).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
  })

  it('one behind the other are a list', () => {
    expect(idsIn(concatenate([list('a', 'b'), new Uint8Array(), list('a')]))).toEqual(['a', 'b', 'a'])
  })

  it('tell where their Documents and other fields are', () => {
    const unknown: [number, number][] = []
    const places = atOnce(
      placesIn(Uint8Array.of(10, 1, 0, 80, 1, 10, 0), (from, end) => unknown.push([from, end])),
    )
    expect(places.map(({ from, start, end }) => [from, start, end])).toEqual([
      [0, 2, 3],
      [5, 7, 7],
    ])
    expect(unknown).toEqual([[3, 5]])
  })
})
