import type { BatchFigures } from '../observe/batch-figures.js'
import type { Distribution } from '../observe/metrics/histogram.js'

/** Status of a Flow. */
export interface FlowStatus {
  readonly name: string
  readonly on: 'localhost' | 'docker' | 'kubernetes'
  /** Namespace of the cluster; only on Kubernetes. */
  readonly namespace?: string
  /** Id of the process that runs it; null on Docker and Kubernetes. */
  readonly pid: number | null
  /** The first port of the gateway as reached from this machine; null when it cannot be reached directly. */
  readonly port: number | null
  /** All ports of the gateway as reached from this machine. */
  readonly listeners: readonly ListenerStatus[]
  /** Requests refused because their caller sent more than `rateLimit` allows. Only with that option, and where the gateway can be asked. */
  readonly refusedByRate?: number
  readonly stages: readonly StageStatus[]
}

/** A port of a Flow's gateway. */
export interface ListenerStatus {
  /** Protocols spoken there: `grpc`, `http`. */
  readonly protocols: readonly string[]
  /** Interface that it binds; for a Flow on Docker or Kubernetes, the host at which it is reached. */
  readonly host: string
  readonly port: number
  /** Whether its connections are encrypted. Absent: no. */
  readonly tls?: boolean
}

/** Status of a stage. */
export interface StageStatus {
  readonly name: string
  /** The stages whose answers it gets, or `gateway`. */
  readonly needs: readonly string[]
  readonly runtime:
    | 'process'
    | 'thread'
    | 'inline'
    | 'python'
    | 'docker'
    | 'kubernetes'
    | 'external'
    | 'pass-through'
  /** Desired number of replicas, over all shards. */
  readonly replicas: number
  /** Replicas that take requests. */
  readonly ready: number
  /** Why dead replicas are not being replaced; null when the stage is not degraded. */
  readonly degraded: string | null
  /** Requests waiting for a replica. */
  readonly waiting: number
  /** Tries after a failed one; 0 where the gateway cannot be asked, as on Kubernetes. */
  readonly retries: number
  /** Hedged requests: second tries while the first is still running; 0 where the gateway cannot be asked. */
  readonly hedges: number
  /** Requests refused: the queue was full, the answer would have come too late, or no replica was left. */
  readonly refused: number
  /** Requests that run here now and that no answer waits for. */
  readonly backgroundRunning: number
  /** How many of these failed, or were dropped because too many ran. */
  readonly backgroundFailed: number
  /** A stage without shards has one entry. */
  readonly shards: readonly ShardStatus[]
  readonly pods: readonly PodStatus[]
}

/** Status of one shard of a stage. */
export interface ShardStatus {
  /** `exec/shard-1`, or the stage's name when it has one shard. */
  readonly name: string
  readonly replicas: number
  readonly ready: number
  /** Requests the gateway sent to this shard; counted only when there are several shards. */
  readonly asked: number
  /** How many of them failed. */
  readonly failed: number
  /** Times of the hops to this shard that were answered, in seconds; only with metrics, and where the gateway can be asked. */
  readonly hopSeconds?: Distribution
}

/**
 * `starting`, `ready`, `ejected` (failed too often, gets no requests for a while), `probing` (gets trial requests after an
 * ejection), `silent` (does not answer), `lost` (its node or connection is lost), `draining` (finishing requests in flight),
 * `backoff` (died, will be restarted).
 */
export type PodState =
  | 'starting'
  | 'ready'
  | 'ejected'
  | 'probing'
  | 'silent'
  | 'lost'
  | 'draining'
  | 'backoff'

/** Status of one replica. */
export interface PodStatus {
  readonly name: string
  /** Name of its shard, such as `indexer/shard-1`; absent where its own name begins with that. */
  readonly shard?: string
  /** Null while there is no process. */
  readonly pid: number | null
  readonly state: PodState
  /** Requests sent to it and not answered yet; 0 where `answered` is null. */
  readonly inFlight: number
  /** Moving average in milliseconds; null before the first answer. */
  readonly latencyMs: number | null
  /** Requests it has answered, including handlers that threw; null where the gateway cannot be asked, as on Kubernetes. */
  readonly answered: number | null
  /** Requests that failed here without an answer: the pod was lost, refused them or took too long; null as for `answered`. */
  readonly failed: number | null
  /** Number of restarts of this replica. */
  readonly restarts: number
  /** Why it was last restarted, with the last lines that it printed. Absent when it was not, and of pods on Docker. */
  readonly lastEnd?: string
  /**
   * What it has measured of its batches, for each endpoint with batching, when it last answered a ping of the gateway: at most
   * about a second ago. Absent where there are none, and of pods in containers.
   */
  readonly batches?: readonly BatchFigures[]
  /** Milliseconds since the last change of state. */
  readonly sinceMs: number
}
