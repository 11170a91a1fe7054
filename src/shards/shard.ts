import type { Handler } from '../call/call.js'

/** One shard of a stage's data, served by its replicas. */
export interface Shard {
  /** `exec/shard-1` */
  readonly name: string
  readonly handle: Handler
  /** Requests in flight or waiting, divided by the usable replicas; `Infinity` when there are none. */
  pressure(): number
}
