import type { ConcurrencyLimit } from '../call/concurrency-limit.js'
import type { Lane } from './lane.js'

/** What a lane tells its callers, each of which has some of the tasks in it. */
export function concurrencyLimit(lane: Lane): ConcurrencyLimit {
  return {
    limit: (calls) => callLimit(lane, calls),
    onGrow: (listener) => lane.onGrow(listener),
    wanted: () => lane.wanted(),
  }
}

/** Calls that a caller which has `calls` of the tasks should have in the lane: what others have there is not its. */
export function callLimit(lane: Lane, calls: number): number {
  return Math.max(1, lane.target - Math.max(0, lane.inFlight - calls))
}
