import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DOCUMENTS, generateCorpus } from './generate.js'
import { seededRandom } from './random.js'
import { zipfRanks } from './zipf.js'

describe('generateCorpus', () => {
  it('gives the same 11,314 documents, about 22 MB, on every machine', () => {
    const hash = createHash('sha256')
    let documents = 0
    let bytes = 0
    for (const text of generateCorpus()) {
      documents++
      bytes += Buffer.byteLength(text)
      hash.update(JSON.stringify(text))
    }
    expect(documents).toBe(DOCUMENTS)
    expect(Math.round(bytes / 1e6)).toBe(22)
    expect(hash.digest('hex')).toBe('8dc12003194e5f7b21ddc68cb677a5865e9d3f24afaa92feea91456f9e720f33')
  })

  it('gives other texts with another seed', () => {
    expect([...generateCorpus(3, 1)]).not.toEqual([...generateCorpus(3, 2)])
  })
})

describe('zipfRanks', () => {
  it('draws every rank as often as 1 / (rank + 2)', () => {
    const next = zipfRanks(50, seededRandom(1))
    const drawn = new Float64Array(50)
    const draws = 200_000
    for (let draw = 0; draw < draws; draw++) drawn[next()]! += 1 / draws
    const whole = drawn.reduce((sum, _, rank) => sum + 1 / (rank + 2), 0)
    for (const [rank, share] of drawn.entries()) {
      expect(share, `rank ${rank}`).toBeCloseTo(1 / (rank + 2) / whole, 2)
      expect(share / (1 / (rank + 2) / whole), `rank ${rank}`).toBeGreaterThan(0.9)
      expect(share / (1 / (rank + 2) / whole), `rank ${rank}`).toBeLessThan(1.1)
    }
  })
})
