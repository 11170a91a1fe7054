import { expect, test } from 'vitest'
import { seeded } from '../lib/seeded.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { Load } from './load.js'
import { createPolicy, policyNames } from './policies/index.js'

interface Replica {
  readonly load: Load
  freeAt: number
  pausesAt: number
  served: number
}

/**
 * A thousand requests to three replicas that are alike: each works on one at a time, slowly at first, and stands still now
 * and then. Gives how much more the busiest had than the idlest.
 */
function unevenness(policy: (typeof policyNames)[number], seed: number, inFlight: number): number {
  const random = seeded(seed)
  const clock = new HandClock()
  const { pick } = createPolicy(policy, random)
  const replicas = Array.from(
    { length: 3 },
    (): Replica => ({ load: new Load({ clock }), freeAt: 0, pausesAt: random() * 400, served: 0 }),
  )
  const underWay: { readonly at: number; readonly began: number; readonly by: Replica }[] = []
  const send = (): void => {
    const by = pick(replicas)
    const now = clock.monotonic()
    let startsAt = Math.max(now, by.freeAt)
    if (startsAt > by.pausesAt) {
      startsAt += 20 + random() * 30
      by.pausesAt = startsAt + 200 + random() * 400
    }
    by.freeAt = startsAt + (1.5 + random() * 4.5) * (by.served++ < 30 ? 4 : 1)
    underWay.push({ at: by.freeAt, began: by.load.began(), by })
  }
  for (let sent = 0; sent < 1000; sent++) {
    if (underWay.length >= inFlight) {
      underWay.sort((one, other) => one.at - other.at)
      const { at, began, by } = underWay.shift()!
      clock.move(at - clock.monotonic())
      by.load.answered(began)
    }
    send()
  }
  const counts = replicas.map(({ served }) => served)
  return Math.max(...counts) / Math.min(...counts)
}

test.each(policyNames)('%s shares the requests of replicas that are alike evenly', (policy) => {
  for (const inFlight of [3, 5, 16]) {
    const seen = Array.from({ length: 100 }, (_, seed) => unevenness(policy, seed, inFlight))
    const uneven = seen.filter((ratio) => ratio > 1.3)
    expect(uneven.length, `${inFlight} in flight: ${uneven.join(', ')}`).toBeLessThanOrEqual(2)
  }
})
