import type { Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import type { Quarantine } from './quarantine.js'
import type { WaitingRoom } from './waiting-room.js'

export interface ReplicaLoad {
  /** Name of the pod. */
  readonly name: string
  readonly state: HealthState
  /** Requests sent and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average that a slow answer raises at once; null before the first answer. */
  readonly latencyMs: number | null
}

export interface PoolLoad {
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly ReplicaLoad[]
}

/** How loaded the replicas of a pool are now, and what waits for them. */
export function poolLoad(endpoints: Endpoints, room: WaitingRoom, quarantine: Quarantine): PoolLoad {
  const replicas = endpoints.all().map(({ name, load, health }) => ({
    name,
    state: health.state,
    inFlight: load.inFlight,
    latencyMs: load.averageMs,
  }))
  return { waiting: room.length + quarantine.length, waitingBytes: room.bytes, replicas }
}
