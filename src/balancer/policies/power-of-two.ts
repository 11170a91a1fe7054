import type { Candidate, Policy } from './policy.js'

/** Latencies within this factor of each other count as equal: such differences come from the requests, not from the replicas. */
const alike = 2

/**
 * Compares two random replicas and picks the one that will probably finish a request first: the smaller of
 * (requests in flight + 1) × latency ÷ weight. Compares only the requests in flight while a latency is unknown, or when the
 * two latencies are within a factor of two: at low load the slightly faster replica would otherwise get nearly everything.
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
