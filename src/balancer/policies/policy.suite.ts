import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../lib/seeded.js'
import type { Candidate, CreatePolicy } from './policy.js'

export interface Fake extends Candidate {
  readonly name: string
  readonly load: { inFlight: number; latencyMs: number; weight: number }
}

export function fake(name: string, inFlight = 0, latencyMs = -1): Fake {
  return { name, load: { inFlight, latencyMs, weight: 1 } }
}

/** What every policy must do. */
export function policySuite(name: string, create: CreatePolicy): void {
  describe(`any policy: ${name}`, () => {
    test('takes one of those it was given, however many and however loaded', () => {
      const candidate = fc.record({
        inFlight: fc.nat(50),
        latencyMs: fc.oneof(fc.constant(-1), fc.double({ min: 0, max: 1e4, noNaN: true })),
        weight: fc.double({ min: 0.1, max: 1, noNaN: true }),
      })
      fc.assert(
        fc.property(
          fc.array(fc.array(candidate, { minLength: 1, maxLength: 9 }), { minLength: 1 }),
          fc.integer(),
          (rounds, seed) => {
            const { pick } = create(seeded(seed))
            for (const loads of rounds) {
              const ready = loads.map((load) => ({ load }))
              expect(ready).toContain(pick(ready))
            }
          },
        ),
      )
    })

    test('takes the only one there is', () => {
      const only = fake('a', 1000, 1000)
      expect(create(seeded(1)).pick([only])).toBe(only)
    })

    test('uses all of several equal ones, about equally', () => {
      const ready = ['a', 'b', 'c', 'd'].map((each) => fake(each))
      const { pick } = create(seeded(7))
      const counts = new Map<string, number>()
      for (let round = 0; round < 4000; round++) {
        const { name: taken } = pick(ready)
        counts.set(taken, (counts.get(taken) ?? 0) + 1)
      }
      for (const each of ready) expect(counts.get(each.name)).toBeGreaterThan(800)
    })

    test('goes on when the set of replicas shrinks to one and grows again', () => {
      const all = [fake('a'), fake('b'), fake('c')]
      const { pick } = create(seeded(3))
      for (const ready of [all, all.slice(0, 1), all.slice(1), all]) expect(ready).toContain(pick(ready))
    })
  })
}
