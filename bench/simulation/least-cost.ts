import type { Candidate, Policy } from '../../src/balancer/policies/policy.js'

/**
 * The least (requests in flight + 1) × latency ÷ weight of all replicas, among equals one at random: the cost of the
 * default policy without its two random choices, to show what these cost.
 */
export function leastCost(random: () => number): Policy {
  return {
    pick(ready) {
      const { length } = ready
      const start = Math.floor(random() * length)
      let best = ready[start]!
      let least = cost(best)
      for (let step = 1; step < length; step++) {
        const candidate = ready[(start + step) % length]!
        const its = cost(candidate)
        if (its >= least) continue
        best = candidate
        least = its
      }
      return best
    },
  }
}

/** An unknown latency counts as 1 ms, so that the replica is soon measured. */
function cost({ load }: Candidate): number {
  const { latencyMs } = load
  return ((load.inFlight + 1) / load.weight) * (latencyMs < 0 ? 1 : latencyMs)
}
