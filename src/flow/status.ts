import type { PodState, PodStatus, ShardStatus, StageStatus } from '../control/status.js'
import type { ReplicaState, StageLoad } from '../gateway/events.js'
import type { StagePlan } from '../plan/flow-plan.js'
import { podKind } from './pod-kind.js'
import type { ReplicaLife } from './replicas/replica.js'

/** What a replica knows of itself. */
export interface ReplicaFacts {
  readonly name: string
  readonly life: ReplicaLife
  readonly restarts: number
  readonly sinceMs: number
}

/** What the replicas of a shard know of themselves. */
export interface SetFacts {
  readonly name: string
  readonly wanted: number
  readonly degraded: string | null
  pods(load: StageLoad | undefined): readonly PodStatus[]
}

/** A stage whose replicas are this Flow's own; `loads` are what the gateway says of its shards, by their name. */
export function stageStatus(
  stage: StagePlan,
  sets: readonly SetFacts[],
  loads: ReadonlyMap<string, StageLoad>,
): StageStatus {
  const parts = sets.map((set) => {
    const load = loads.get(set.name)
    return { set, load, pods: set.pods(load) }
  })
  const pods = parts.flatMap((part) => part.pods)
  return {
    name: stage.name,
    runtime: podKind(stage),
    replicas: sum(sets, ({ wanted }) => wanted),
    ready: countReady(pods),
    degraded: sets.find(({ degraded }) => degraded !== null)?.degraded ?? null,
    waiting: sum(parts, ({ load }) => load?.waiting ?? 0),
    shards: parts.map(
      ({ set, load, pods: own }): ShardStatus => ({
        name: set.name,
        replicas: set.wanted,
        ready: countReady(own),
        asked: load?.asked ?? 0,
        failed: load?.failed ?? 0,
      }),
    ),
    pods,
  }
}

/** Pods of one shard, with what the gateway says of them. */
export function podStatuses(
  replicas: readonly ReplicaFacts[],
  load: StageLoad | undefined,
): readonly PodStatus[] {
  const loads = new Map(load?.replicas.map((replica) => [replica.name, replica]))
  return replicas.map(({ name, life, restarts, sinceMs }): PodStatus => {
    const { inFlight = 0, latencyMs = null, state = 'ready' } = loads.get(name) ?? {}
    const pid = 'pod' in life ? (life.pod?.pid ?? null) : null
    return { name, pid, state: podState(life, state), inFlight, latencyMs, restarts, sinceMs }
  })
}

/** A stage that is somebody else's, or has no Executor; `loads` are those of its shards. */
export function foreignStatus(plan: StagePlan, loads: readonly StageLoad[]): StageStatus {
  const podsOf = ({ replicas }: StageLoad): readonly PodStatus[] =>
    replicas.map((replica) => ({ ...replica, pid: null, restarts: 0, sinceMs: 0 }))
  const pods = loads.flatMap(podsOf)
  const isFound = plan.discover !== 'static'
  return {
    name: plan.name,
    runtime: plan.external.length > 0 ? 'external' : 'pass-through',
    replicas: isFound ? pods.length : plan.external.length,
    ready: countReady(pods),
    degraded: null,
    waiting: sum(loads, ({ waiting }) => waiting),
    shards: loads.map((load): ShardStatus => {
      const own = podsOf(load)
      const { name, asked, failed } = load
      return { name, replicas: own.length, ready: countReady(own), asked, failed }
    }),
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

function sum<T>(all: readonly T[], count: (one: T) => number): number {
  return all.reduce((total, one) => total + count(one), 0)
}
