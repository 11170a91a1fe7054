import type { Room } from '../call/room.js'
import type { Lane } from './lane.js'

/** What a lane tells its callers, each of which has some of the tasks in it. */
export function createRoom(lane: Lane): Room {
  return {
    limit: (calls) => roomOf(lane, calls),
    onGrow: (listener) => lane.onRoom(listener),
    wanted: () => lane.wanted(),
  }
}

/** Calls that a caller which has `calls` of the tasks should have in the lane: what others have there is not its. */
export function roomOf(lane: Lane, calls: number): number {
  return Math.max(1, lane.room - Math.max(0, lane.inFlight - calls))
}
