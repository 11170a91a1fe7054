import type { BatchFigures } from '../observe/batch-figures.js'
import type { Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import type { Quarantine } from './quarantine.js'
import type { WaitingRoom } from './waiting-room.js'

/** What happened to the requests of a pool so far. */
export interface PoolCounts {
  /** Tries after a failed one. */
  retries: number
  /** Hedged requests: second tries while the first is still running. */
  hedges: number
  /** Requests refused because the queue was full, the answer would have come too late, or no replica was left. */
  refused: number
}

/** The current load of one replica, and the outcomes of its requests so far. */
export interface ReplicaLoad {
  /** Name of the pod. */
  readonly name: string
  readonly state: HealthState
  /** Requests sent and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average that a slow answer raises at once; null before the first answer. */
  readonly latencyMs: number | null
  /** Requests that it has answered, including completed streams and handlers that threw. */
  readonly answered: number
  /** Requests that failed at this replica: it was lost, refused them, or took too long. */
  readonly failed: number
  /** What it had measured of its batches when it last answered a ping; empty without batching. */
  readonly batches: readonly BatchFigures[]
}

/** The current load of a pool, and the outcomes of its requests so far. */
export interface PoolLoad extends Readonly<PoolCounts> {
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly ReplicaLoad[]
}

/** The current load of a pool's replicas and of its queue. */
export function poolLoad(
  { endpoints, counts }: { readonly endpoints: Endpoints; readonly counts: PoolCounts },
  room: WaitingRoom,
  quarantine: Quarantine,
): PoolLoad {
  const replicas = endpoints.all().map(({ name, load, health, batches }) => ({
    name,
    state: health.state,
    inFlight: load.inFlight,
    latencyMs: load.averageMs,
    answered: load.served,
    failed: load.failures,
    batches,
  }))
  return { ...counts, waiting: room.length + quarantine.length, waitingBytes: room.bytes, replicas }
}
