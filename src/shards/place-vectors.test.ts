import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { murmur3, placeOf } from './place.js'

const page = readFileSync(new URL('../../docs/shards.md', import.meta.url), 'utf8')
const [, headline = ''] = /^\| key \| hash \|(.*)$/m.exec(page) ?? []
const shards = [...headline.matchAll(/of (\d+)/g)].map(([, count]) => Number(count))
const vectors = [...page.matchAll(/^\| `(".*")` \| `([0-9a-f]{8})` \|(.*)\|$/gm)].map(
  ([, key = '', hash = '', places = '']) => ({
    key: JSON.parse(key) as string,
    hash: parseInt(hash, 16),
    places: places.split('|').map(Number),
  }),
)

test('docs/shards.md has vectors for several numbers of shards', () => {
  expect(shards).toEqual([2, 3, 5, 8, 64])
  expect(vectors.length).toBeGreaterThanOrEqual(8)
})

test.each(vectors)('$key has the hash and the places that docs/shards.md says', ({ key, hash, places }) => {
  expect(murmur3(new TextEncoder().encode(key))).toBe(hash)
  expect(shards.map((count) => placeOf(key, count))).toEqual(places)
})
