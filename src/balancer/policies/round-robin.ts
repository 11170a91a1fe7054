import type { Policy } from './policy.js'

/** Picks the replicas in turn, whatever their load. */
export function roundRobin(): Policy {
  let next = 0
  return {
    pick(ready) {
      if (next >= ready.length) next = 0
      return ready[next++]!
    },
  }
}
