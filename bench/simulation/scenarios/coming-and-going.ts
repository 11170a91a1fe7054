import type { Scenario } from '../scenario.js'
import { rateFor } from '../service-time.js'

const name = 'exec/rep-0'
const everyMs = 3000
const backMs = 300

export const flapping: Scenario = {
  title: 'One of 20 replicas dies every 3 s and is back after 300 ms',
  story:
    'Its requests in flight are lost. A request is retried outside the budget after its first lost replica, so no answer should be missing.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  traits: (index) => ({ isBad: index === 0 }),
  play({ fleet, clock }) {
    const die = (): void => {
      void fleet.kill(name, backMs) // never rejects
      clock.after(everyMs, die)
    }
    clock.after(everyMs, die)
  },
}

export const frozen: Scenario = {
  title: 'One of 20 replicas stands still from 3 s to 15 s; clients wait 2 s',
  story:
    'Its connection stays open and it answers neither requests nor pings, like a stopped process. Policies without latencies send to it until it is ejected or silent (5 s); its requests are lost unless they were hedged.',
  replicas: 20,
  requests: 8000,
  rate: () => rateFor(20, 0.6),
  deadlineMs: 2000,
  traits: (index) => ({ isBad: index === 0 }),
  play({ fleet, clock }) {
    clock.after(3000, () => fleet.replica(name)?.freeze())
    clock.after(15_000, () => fleet.replica(name)?.thaw())
  },
}

/** Requests until a new replica is as fast as the others. */
const warmAfter = 200

export const cold: Scenario = {
  title: 'A cold replica joins 19 that are 70 % busy',
  story: `Its first request takes 10 times as long as usual; over ${warmAfter} requests it becomes as fast as the others. Its share should grow slowly.`,
  replicas: 19,
  requests: 8000,
  rate: () => rateFor(19, 0.7),
  play({ fleet, clock }) {
    const slowness = (begun: number): number => Math.max(1, 10 - (9 * begun) / warmAfter)
    clock.after(3000, () => fleet.start('exec/rep-19', { isBad: true, slowness }))
  },
}
