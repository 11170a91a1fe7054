import { countReady, sumCounts } from '../control/counts.js'
import type { PodState, PodStatus, ShardStatus, StageStatus } from '../control/status.js'
import type { ReplicaState, StageLoad } from '../gateway/events.js'
import type { StagePlan } from '../plan/flow-plan.js'
import { podKind } from './pod-kind.js'
import type { ReplicaPhase } from './replicas/replica.js'

/** A replica's own view of its state. */
export interface ReplicaFacts {
  readonly name: string
  readonly phase: ReplicaPhase
  readonly restarts: number
  readonly lastEnd: string | null
  readonly sinceMs: number
}

/** A replica set's own view of its state. */
export interface SetFacts {
  readonly name: string
  readonly wanted: number
  readonly degraded: string | null
  pods(load: StageLoad | undefined): readonly PodStatus[]
}

/** Status of a stage that this Flow runs. `loads`: what the gateway reports, by shard name. */
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
    needs: stage.needs,
    runtime: podKind(stage),
    replicas: sum(sets, ({ wanted }) => wanted),
    ready: countReady(pods),
    degraded: sets.find(({ degraded }) => degraded !== null)?.degraded ?? null,
    ...sumCounts(parts.flatMap(({ load }) => load ?? [])),
    shards: parts.map(
      ({ set, load, pods: own }): ShardStatus => ({
        name: set.name,
        replicas: set.wanted,
        ready: countReady(own),
        asked: load?.asked ?? 0,
        failed: load?.failed ?? 0,
        ...hopsOf(load),
      }),
    ),
    pods,
  }
}

/** Status of the pods of one shard, merged with what the gateway reports. */
export function podStatuses(
  replicas: readonly ReplicaFacts[],
  load: StageLoad | undefined,
): readonly PodStatus[] {
  const loads = new Map(load?.replicas.map((replica) => [replica.name, replica]))
  return replicas.map(({ name, phase, restarts, lastEnd, sinceMs }): PodStatus => {
    const load = loads.get(name)
    const {
      inFlight = 0,
      latencyMs = null,
      answered = 0,
      failed = 0,
      state = 'ready',
      batches = [],
    } = load ?? {}
    const pid = 'pod' in phase ? (phase.pod?.pid ?? null) : null
    const requests = { inFlight, latencyMs, answered, failed, ...(batches.length > 0 && { batches }) }
    const end = lastEnd !== null && { lastEnd }
    return { name, pid, state: podState(phase, state), ...requests, restarts, ...end, sinceMs }
  })
}

/** Status of an external stage or one without an Executor. `loads`: what the gateway reports of its shards. */
export function foreignStatus(plan: StagePlan, loads: readonly StageLoad[]): StageStatus {
  const podsOf = ({ replicas }: StageLoad): readonly PodStatus[] =>
    replicas.map(({ name, state, inFlight, latencyMs, answered, failed }) => ({
      ...{ name, state, inFlight, latencyMs, answered, failed },
      ...{ pid: null, restarts: 0, sinceMs: 0 },
    }))
  const pods = loads.flatMap(podsOf)
  const isFound = plan.discover !== 'static'
  return {
    name: plan.name,
    needs: plan.needs,
    runtime: plan.external.length > 0 ? 'external' : 'pass-through',
    replicas: isFound ? pods.length : plan.external.length,
    ready: countReady(pods),
    degraded: null,
    ...sumCounts(loads),
    shards: loads.map((load): ShardStatus => {
      const own = podsOf(load)
      const { name, asked, failed } = load
      return { name, replicas: own.length, ready: countReady(own), asked, failed, ...hopsOf(load) }
    }),
    pods,
  }
}

function hopsOf(load: StageLoad | undefined): Pick<ShardStatus, 'hopSeconds'> {
  return load?.hopSeconds === undefined ? {} : { hopSeconds: load.hopSeconds }
}

function podState(phase: ReplicaPhase, seen: ReplicaState): PodState {
  switch (phase.state) {
    case 'running':
      return seen
    case 'ended':
      return 'draining'
    case 'starting':
    case 'backoff':
    case 'draining':
      return phase.state
  }
}

function sum<T>(all: readonly T[], count: (one: T) => number): number {
  return all.reduce((total, one) => total + count(one), 0)
}
