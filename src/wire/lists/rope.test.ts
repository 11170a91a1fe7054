import { describe, expect, it } from 'vitest'
import { atOnce } from '../../lib/slices.js'
import { joined } from './arbitraries.suite.js'
import { Rope } from './rope.js'

const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251)

describe('Rope', () => {
  it('makes one of ranges that lie one behind the other', () => {
    const rope = new Rope()
    rope.add(bytes, 0, 10)
    rope.add(bytes, 10, 30)
    rope.add(bytes, 30)
    expect(atOnce(rope.pieces())).toEqual([bytes])
    expect(atOnce(rope.pieces())[0]).toBe(bytes)
  })

  it('gives views of what is large and joins what is small', () => {
    const rope = new Rope()
    const nested = new Rope()
    rope.add(bytes, 5, 10)
    nested.add(bytes, 7, 9)
    rope.append(nested)
    rope.add(bytes, 9, 12)
    rope.add(bytes, 100, 9000)
    rope.add(bytes, 3, 4)
    const pieces = atOnce(rope.pieces())
    expect(pieces.map(({ length }) => length)).toEqual([10, 8900, 1])
    expect(pieces.map(({ buffer }) => buffer === bytes.buffer)).toEqual([false, true, true])
    expect(joined(pieces)).toEqual(
      joined([
        bytes.slice(5, 10),
        bytes.slice(7, 9),
        bytes.slice(9, 12),
        bytes.slice(100, 9000),
        bytes.slice(3, 4),
      ]),
    )
    expect(rope.length).toBe(8911)
  })

  it('of nothing has no pieces', () => {
    const rope = new Rope()
    rope.add(new Uint8Array())
    rope.append(new Rope())
    expect([rope.length, atOnce(rope.pieces())]).toEqual([0, []])
  })
})
