import type { Candidate, Policy } from './policy.js'

/** Latencies that differ by less are those of replicas that are alike: what differs is what happened to be asked of them. */
const alike = 2

/**
 * Two at random, and of them the one where a request is likely done first: the smaller of
 * (requests in flight + 1) × latency ÷ weight. In flight decides alone while a latency is not known, and where one is less
 * than twice the other: with little in flight the replica that is faster by a hair would get nearly everything.
 *
 * Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"; cost as in Finagle's P2C.
 */
export function powerOfTwo(random: () => number): Policy {
  return {
    pick(ready) {
      const count = ready.length
      if (count === 1) return ready[0]!
      const first = Math.floor(random() * count)
      const other = Math.floor(random() * (count - 1))
      const second = other < first ? other : other + 1
      return better(ready[first]!, ready[second]!)
    },
  }
}

function better<T extends Candidate>(one: T, two: T): T {
  const latencyOne = one.load.latencyMs
  const latencyTwo = two.load.latencyMs
  const waitingOne = (one.load.inFlight + 1) / one.load.weight
  const waitingTwo = (two.load.inFlight + 1) / two.load.weight
  if (areAlike(latencyOne, latencyTwo)) return waitingTwo < waitingOne ? two : one
  return waitingTwo * latencyTwo < waitingOne * latencyOne ? two : one
}

function areAlike(one: number, two: number): boolean {
  return one < 0 || two < 0 || (one < alike * two && two < alike * one)
}
