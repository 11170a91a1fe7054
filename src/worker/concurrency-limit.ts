import type { ConcurrencyLimit } from '../call/concurrency-limit.js'
import type { Lane } from './lane.js'

/**
 * The limits that a lane announces to its callers; each caller has some of the lane's tasks. `batchRoom` gives the number of
 * requests that fill the running batches and the next one.
 */
export function concurrencyLimit(lane: Lane, batchRoom: () => number = () => 0): ConcurrencyLimit {
  return {
    limit: (calls) => callLimit(lane, calls, batchRoom()),
    onGrow: (listener) => lane.onGrow(listener),
    wanted: () => lane.wanted(),
  }
}

/**
 * How many tasks a caller with `calls` tasks in the lane should have there: the lane's target and the room for batches, minus
 * the tasks of others.
 */
export function callLimit(lane: Lane, calls: number, batchRoom = 0): number {
  return Math.max(1, lane.target + batchRoom - Math.max(0, lane.inFlight - calls))
}
