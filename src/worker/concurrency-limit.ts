import type { ConcurrencyLimit } from '../call/concurrency-limit.js'
import type { Lane } from './lane.js'

/** The limits that a lane announces to its callers; each caller has some of the lane's tasks. */
export function concurrencyLimit(lane: Lane): ConcurrencyLimit {
  return {
    limit: (calls) => callLimit(lane, calls),
    onGrow: (listener) => lane.onGrow(listener),
    wanted: () => lane.wanted(),
  }
}

/** How many tasks a caller with `calls` tasks in the lane should have there: the lane's target minus the tasks of others. */
export function callLimit(lane: Lane, calls: number): number {
  return Math.max(1, lane.target - Math.max(0, lane.inFlight - calls))
}
