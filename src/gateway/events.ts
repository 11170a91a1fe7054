import type { Exit } from '../balancer/exit-tracker.js'
import type { PoolLoad } from '../balancer/pool-load.js'
import type { Distribution } from '../observe/metrics/histogram.js'
import type { ShardCounts } from '../shards/tally.js'

export type { Departure } from '../balancer/exit-tracker.js'
export type { ReplicaLoad } from '../balancer/pool-load.js'
export type { HealthState as ReplicaState } from '../balancer/health.js'
export type { Expectation } from '../balancer/waiting-room.js'

/** An event of a gateway. `stage` is the name of a shard where a stage has several. */
export type GatewayEvent =
  /** The connection to a pod was lost, and the pod was not removed. */
  | { readonly kind: 'lost'; readonly stage: string; readonly pod: string; readonly reason: string }
  /** A pod has not answered a ping for a while; repeated every second while that lasts. */
  | { readonly kind: 'silent'; readonly stage: string; readonly pod: string; readonly silentMs: number }
  /** A request waits for a stage that has no replica. */
  | { readonly kind: 'demand'; readonly stage: string }

/** How a pod is removed. */
export interface Removal {
  /** Milliseconds that its requests in flight may take to finish. */
  readonly graceMs: number
  /** How the pod exited, if it has. */
  readonly exit?: Exit
}

/** What a Flow knows of the replicas of a stage, or of one of its shards. */
export interface ReplicaCounts {
  /** Replicas that there should be. */
  readonly wanted: number
  /** Replicas that had ended unexpectedly and run again, so far. */
  readonly healed: number
}

/** The load of a shard; a stage that is not sharded has one shard. */
export interface StageLoad extends PoolLoad, ShardCounts {
  /** `exec/shard-1`; the name of the stage when it has one shard. */
  readonly name: string
  /** Requests that run here behind the answers of others, and how many of them have failed; of all shards, at the first. */
  readonly backgroundRunning: number
  readonly backgroundFailed: number
  /** Times of its hops that were answered, in seconds; only with metrics. */
  readonly hopSeconds?: Distribution
}
