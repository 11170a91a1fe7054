import type { Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import type { Quarantine } from './quarantine.js'
import type { WaitingRoom } from './waiting-room.js'

/** What happened to the requests of a pool so far. */
export interface PoolCounts {
  /** Further tries after one that came to nothing. */
  retries: number
  /** Second tries beside a slow one. */
  hedges: number
  /** Requests refused because the queue was full, their answer would have come too late, or no replica was left. */
  refused: number
}

export interface ReplicaLoad {
  /** Name of the pod. */
  readonly name: string
  readonly state: HealthState
  /** Requests sent and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average that a slow answer raises at once; null before the first answer. */
  readonly latencyMs: number | null
  /** Requests it has answered; streams that ended well are among them, and handlers that threw. */
  readonly answered: number
  /** Requests that came to nothing here: the replica was lost, refused them, or took too long. */
  readonly failed: number
}

export interface PoolLoad extends Readonly<PoolCounts> {
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly ReplicaLoad[]
}

/** How loaded the replicas of a pool are now, and what waits for them. */
export function poolLoad(
  { endpoints, counts }: { readonly endpoints: Endpoints; readonly counts: PoolCounts },
  room: WaitingRoom,
  quarantine: Quarantine,
): PoolLoad {
  const replicas = endpoints.all().map(({ name, load, health }) => ({
    name,
    state: health.state,
    inFlight: load.inFlight,
    latencyMs: load.averageMs,
    answered: load.served,
    failed: load.failures,
  }))
  return { ...counts, waiting: room.length + quarantine.length, waitingBytes: room.bytes, replicas }
}
