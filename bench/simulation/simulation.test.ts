import { describe, expect, it, test } from 'vitest'
import { roundRobinAtOnce, shipped } from './contenders.js'
import { type Scenario, simulate } from './scenario.js'
import { failsFast, hangs } from './scenarios/black-hole.js'
import { flapping } from './scenarios/coming-and-going.js'
import { slowOfFour } from './scenarios/slow.js'
import { brownOut } from './scenarios/too-much.js'

/** Other seeds than the report's, so that the results do not depend on one seed. */
const seeds = [2, 3]

const shorter = (scenario: Scenario): Scenario => ({ ...scenario, requests: 4000 })

describe.each(seeds)('the default policy, seed %i', (seed) => {
  it('with one of four replicas 10 times slower has at most a quarter of the p99 of round robin without windows', async () => {
    const [ours, theirs] = [
      await simulate(shorter(slowOfFour), shipped, seed),
      await simulate(shorter(slowOfFour), roundRobinAtOnce, seed),
    ]
    expect(ours.p99).toBeLessThanOrEqual(theirs.p99 / 4)
  })

  it.each([failsFast, hangs, flapping])('answers 99.9 %: $title', async (scenario) => {
    const { answered, requests } = await simulate(shorter(scenario), shipped, seed)
    expect(answered / requests).toBeGreaterThanOrEqual(0.999)
  })

  it('keeps to the retry budget in a brown-out', async () => {
    const { triesPerRequest } = await simulate(brownOut, shipped, seed)
    expect(triesPerRequest).toBeGreaterThan(1)
    expect(triesPerRequest).toBeLessThanOrEqual(1.2)
  })
})

test('when half of the hops time out under every policy, tries stay within the budget and its reserve', async () => {
  const hopeless = { ...brownOut, requests: 8000, timeoutSendMs: 40 }
  const { failed, triesPerRequest, requests } = await simulate(hopeless, shipped, 2)
  expect(failed).toBeGreaterThan(requests / 10)
  expect(triesPerRequest).toBeGreaterThan(1.15)
  expect(triesPerRequest).toBeLessThanOrEqual(1.2 + 100 / requests)
})

test('the same seed gives the same figures, and another seed different ones', async () => {
  const short = { ...brownOut, requests: 5000 }
  const first = await simulate(short, shipped, 5)
  expect(await simulate(short, shipped, 5)).toEqual(first)
  expect(await simulate(short, shipped, 6)).not.toEqual(first)
})
