import type { Policy } from './policy.js'

/** The one with the fewest requests in flight; among equals one at random. Looks at all of them. */
export function leastInFlight(random: () => number): Policy {
  return {
    pick(ready) {
      const count = ready.length
      const start = Math.floor(random() * count)
      let best = ready[start]!
      for (let step = 1; step < count; step++) {
        const candidate = ready[(start + step) % count]!
        if (candidate.load.inFlight < best.load.inFlight) best = candidate
      }
      return best
    },
  }
}
