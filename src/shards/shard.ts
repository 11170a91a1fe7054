import type { Handler } from '../call/call.js'

/** One part of a stage's data, and the replicas that have it. */
export interface Shard {
  /** `exec/shard-1` */
  readonly name: string
  readonly handle: Handler
  /** Requests under way or waiting for each of its replicas; `Infinity` when none can be reached. */
  pressure(): number
}
