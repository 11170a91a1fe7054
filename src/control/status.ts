/** How a Flow stands. */
export interface FlowStatus {
  readonly name: string
  readonly on: 'localhost' | 'docker' | 'kubernetes'
  /** Of the cluster that it runs in; only there. */
  readonly namespace?: string
  /** Of the program that runs it; null where none of this machine does. */
  readonly pid: number | null
  /** Of the gateway, as this program or machine reaches it; null where it does not without further ado. */
  readonly port: number | null
  readonly stages: readonly StageStatus[]
}

export interface StageStatus {
  readonly name: string
  readonly runtime: 'process' | 'thread' | 'inline' | 'docker' | 'kubernetes' | 'external' | 'pass-through'
  /** Replicas that there should be, of all shards. */
  readonly replicas: number
  /** Those that take requests. */
  readonly ready: number
  /** Why dead replicas are not replaced at the moment; null when all is well. */
  readonly degraded: string | null
  /** Requests that wait for a replica. */
  readonly waiting: number
  /** One for a stage that is not sharded. */
  readonly shards: readonly ShardStatus[]
  readonly pods: readonly PodStatus[]
}

export interface ShardStatus {
  /** `exec/shard-1`; the name of the stage when it has one shard. */
  readonly name: string
  readonly replicas: number
  readonly ready: number
  /** Requests that the gateway asked it, where there are several shards. */
  readonly asked: number
  /** Those of them whose answer was missing. */
  readonly failed: number
}

/**
 * `starting`, `ready`, `ejected` (failed too often and rests), `probing` (shows that it has recovered), `silent` (does not
 * answer), `draining` (finishes what it has), `backoff` (died, and is replaced a little later).
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

export interface PodStatus {
  readonly name: string
  /** Null while there is no process. */
  readonly pid: number | null
  readonly state: PodState
  /** Requests sent to it and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average; null before the first answer. */
  readonly latencyMs: number | null
  /** How often this replica was replaced because it died. */
  readonly restarts: number
  /** Milliseconds since it became what it is. */
  readonly sinceMs: number
}
