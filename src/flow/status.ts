import type { ReplicaState, StageLoad } from '../gateway/events.js'
import type { StagePlan } from '../plan/flow-plan.js'
import type { ReplicaLife } from './replica.js'

/** How a Flow stands. */
export interface FlowStatus {
  readonly name: string
  /** Of the program that runs it. */
  readonly pid: number
  readonly port: number
  readonly stages: readonly StageStatus[]
}

export interface StageStatus {
  readonly name: string
  readonly runtime: 'process' | 'thread' | 'inline' | 'external' | 'pass-through'
  /** Replicas that there should be. */
  readonly replicas: number
  /** Those that take requests. */
  readonly ready: number
  /** Why dead replicas are not replaced at the moment; null when all is well. */
  readonly degraded: string | null
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly pods: readonly PodStatus[]
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

/** What a Deployment knows of itself, and what the gateway says of it. */
export interface StageParts {
  readonly plan: StagePlan
  readonly wanted: number
  readonly degraded: string | null
  readonly replicas: readonly {
    readonly name: string
    readonly life: ReplicaLife
    readonly restarts: number
    readonly sinceMs: number
  }[]
  readonly load: StageLoad | undefined
}

/** A stage whose replicas are this Flow's own. */
export function stageStatus({ plan, wanted, degraded, replicas, load }: StageParts): StageStatus {
  const loads = new Map(load?.replicas.map((replica) => [replica.name, replica]))
  const pods = replicas.map(({ name, life, restarts, sinceMs }): PodStatus => {
    const { inFlight = 0, latencyMs = null, state = 'ready' } = loads.get(name) ?? {}
    const pid = 'pod' in life ? (life.pod?.pid ?? null) : null
    return { name, pid, state: podState(life, state), inFlight, latencyMs, restarts, sinceMs }
  })
  const { name, runtime } = plan
  const ready = countReady(pods)
  return { name, runtime, replicas: wanted, ready, degraded, waiting: load?.waiting ?? 0, pods }
}

/** A stage that is somebody else's, or has no Executor. */
export function foreignStatus(plan: StagePlan, load: StageLoad | undefined): StageStatus {
  const pods = (load?.replicas ?? []).map(
    (replica): PodStatus => ({ ...replica, pid: null, restarts: 0, sinceMs: 0 }),
  )
  return {
    name: plan.name,
    runtime: plan.external.length > 0 ? 'external' : 'pass-through',
    replicas: plan.external.length,
    ready: countReady(pods),
    degraded: null,
    waiting: load?.waiting ?? 0,
    pods,
  }
}

function podState(life: ReplicaLife, seen: ReplicaState): PodState {
  switch (life.state) {
    case 'running':
      return seen
    case 'ended':
      return 'draining'
    case 'starting':
    case 'backoff':
    case 'draining':
      return life.state
  }
}

function countReady(pods: readonly PodStatus[]): number {
  return pods.filter(({ state }) => state === 'ready' || state === 'probing').length
}
