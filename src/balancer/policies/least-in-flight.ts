import type { Candidate, Policy } from './policy.js'

/** Picks the replica with the fewest requests in flight relative to its weight, at random among equals. Looks at all replicas. */
export function leastInFlight(random: () => number): Policy {
  return {
    pick(ready) {
      const count = ready.length
      const start = Math.floor(random() * count)
      let best = ready[start]!
      for (let step = 1; step < count; step++) {
        const candidate = ready[(start + step) % count]!
        if (filled(candidate) < filled(best)) best = candidate
      }
      return best
    },
  }
}

function filled({ load }: Candidate): number {
  return (load.inFlight + 1) / load.weight
}
