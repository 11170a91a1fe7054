import type { PodState, PodStatus, StageStatus } from '../control/status.js'
import type { ReplicaState, StageLoad } from '../gateway/events.js'
import type { StagePlan } from '../plan/flow-plan.js'
import type { ReplicaLife } from './replica.js'

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
