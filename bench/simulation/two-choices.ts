import type { Policy } from '../../src/balancer/policies/policy.js'

/**
 * Of two random replicas the one with fewer requests in flight: the plain form, to show the benefit of latencies.
 *
 * Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing".
 */
export function twoChoices(random: () => number): Policy {
  return {
    pick(ready) {
      const { length } = ready
      const first = Math.floor(random() * length)
      const second = (first + 1 + Math.floor(random() * (length - 1))) % length
      return ready[second]!.load.inFlight < ready[first]!.load.inFlight ? ready[second]! : ready[first]!
    },
  }
}
