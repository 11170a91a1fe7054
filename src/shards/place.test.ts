import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashOf, murmur3, placeOf } from './place.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the hash', () => {
  // published test vectors of MurmurHash3_x86_32 with seed 0
  test.each([
    ['', 0],
    ['hello', 0x248bfa47],
    ['hello, world', 0x149bbb7f],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('of %j is that of MurmurHash3', (text, hash) => {
    expect(murmur3(bytes(text))).toBe(hash)
  })

  test('of a key is that of its UTF-8 bytes', () => {
    const keys = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'binary', maxLength: 100 }))
    fc.assert(fc.property(keys, (key) => hashOf(key) === murmur3(bytes(key))))
  })
})

describe('the place of a key', () => {
  test('is below the number of shards, and the only shard when there is one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 64 }), (key, shards) => {
        expect(placeOf(key, 1)).toBe(0)
        expect(placeOf(key, shards)).toBeLessThan(shards)
      }),
    )
  })

  test('only changes to the new shard when there is one more', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (key, shards) => {
        expect([placeOf(key, shards), shards]).toContain(placeOf(key, shards + 1))
      }),
    )
  })

  test.each([2, 3, 5, 8, 64])('spreads keys evenly over %i shards', (shards) => {
    const counts = new Array<number>(shards).fill(0)
    const keys = 2000 * shards
    for (let index = 0; index < keys; index++) counts[placeOf(`document-${index}`, shards)]!++
    // five standard deviations of a binomial distribution
    const most = 2000 + 5 * Math.sqrt(2000)
    expect(Math.max(...counts)).toBeLessThan(most)
    expect(Math.min(...counts)).toBeGreaterThan(2000 - 5 * Math.sqrt(2000))
  })
})
