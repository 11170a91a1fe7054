import { expect, test } from 'vitest'
import { Fuzz } from './fuzz.js'

const nothing = { changed: 0, lawful: 1 }

test('sessions of real clients and servers are served as they were recorded', async () => {
  const fuzz = new Fuzz()
  for (let seed = 1; seed <= 200; seed++) {
    const { isOpen, hasLeft } = await fuzz.run(seed, nothing)
    expect(isOpen || hasLeft, `seed ${seed}`).toBe(true)
  }
})

// the first sessions of `npm run fuzz`
test('30,000 mutated frames break no rule, and nothing of their connections is left', async () => {
  const fuzz = new Fuzz()
  const { report } = fuzz
  for (let seed = 1; report.mutations < 30_000; seed++) await fuzz.run(seed)
  expect(report.open).toBeGreaterThan(report.sessions / 10)
  expect(report.open).toBeLessThan(report.sessions / 2)
})
