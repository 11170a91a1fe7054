import type { Exit } from '../balancer/fate.js'
import type { PoolLoad } from '../balancer/pool-load.js'
import type { ShardCounts } from '../shards/tally.js'

export type { Departure } from '../balancer/fate.js'
export type { ReplicaLoad } from '../balancer/pool-load.js'
export type { HealthState as ReplicaState } from '../balancer/health.js'
export type { Expectation } from '../balancer/waiting-room.js'

/** What a gateway tells unasked. `stage` is the name of a shard where there are several. */
export type GatewayEvent =
  /** The connection to a pod is gone though nobody removed it. */
  | { readonly kind: 'lost'; readonly stage: string; readonly pod: string; readonly reason: string }
  /** A pod has not answered for a while; told again every second while that lasts. */
  | { readonly kind: 'silent'; readonly stage: string; readonly pod: string; readonly silentMs: number }
  /** A request waits for a stage that has no replica. */
  | { readonly kind: 'demand'; readonly stage: string }

/** How a pod is taken off the list. */
export interface Removal {
  /** Milliseconds that its requests in flight may take. */
  readonly graceMs: number
  /** How it has ended, where it has. */
  readonly exit?: Exit
}

/** How loaded a shard is; a stage that is not sharded has one. */
export interface StageLoad extends PoolLoad, ShardCounts {
  /** `exec/shard-1`; the name of the stage when it has one shard. */
  readonly name: string
}
