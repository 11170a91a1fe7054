import type { Candidate, Policy } from './policy.js'

/**
 * Two at random, and of them the one where a request is likely done first: the smaller of
 * (requests in flight + 1) × latency ÷ weight. While a latency is not known, in flight decides alone.
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
  if (latencyOne < 0 || latencyTwo < 0) return waitingTwo < waitingOne ? two : one
  return waitingTwo * latencyTwo < waitingOne * latencyOne ? two : one
}
