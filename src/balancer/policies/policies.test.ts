import { describe, expect, test } from 'vitest'
import { createPolicy, policyNames } from './index.js'
import { seeded } from '../../lib/seeded.js'
import { fake, policySuite } from './policy.suite.js'

for (const name of policyNames) policySuite(name, (random) => createPolicy(name, random))

describe('power of two', () => {
  test('prefers the one where a request is likely done first', () => {
    const slow = fake('slow', 0, 100)
    const fast = fake('fast', 3, 10)
    const { pick } = createPolicy('power-of-two', seeded(1))
    for (let round = 0; round < 20; round++) expect(pick([slow, fast])).toBe(fast)
  })

  test('looks at requests in flight alone where latencies are alike', () => {
    const { pick } = createPolicy('power-of-two', seeded(1))
    const [faster, idle] = [fake('faster', 1, 10), fake('idle', 0, 19)]
    for (let round = 0; round < 20; round++) expect(pick([faster, idle])).toBe(idle)
    const slow = fake('slow', 0, 21)
    for (let round = 0; round < 20; round++) expect(pick([faster, slow])).toBe(faster)
  })

  test('looks at requests in flight alone while a latency is not known', () => {
    const unknown = fake('new', 1)
    const idle = fake('idle', 0, 5000)
    const { pick } = createPolicy('power-of-two', seeded(1))
    for (let round = 0; round < 20; round++) expect(pick([unknown, idle])).toBe(idle)
  })
})

describe('round robin', () => {
  test('takes one after the other, whatever their load', () => {
    const ready = [fake('a', 90), fake('b'), fake('c')]
    const { pick } = createPolicy('round-robin', Math.random)
    expect([1, 2, 3, 4].map(() => pick(ready).name)).toEqual(['a', 'b', 'c', 'a'])
  })
})

describe('least in flight', () => {
  test('takes the one with the fewest requests', () => {
    const ready = [fake('a', 2), fake('b', 1), fake('c', 3)]
    const { pick } = createPolicy('least-in-flight', seeded(1))
    for (let round = 0; round < 20; round++) expect(pick(ready).name).toBe('b')
  })
})
