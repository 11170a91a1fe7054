import { sumCounts } from '../../control/counts.js'
import type { FlowStatus, PodState, PodStatus, ShardStatus, StageStatus } from '../../control/status.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { listenersOf } from '../../plan/listeners.js'
import type { Condition, Pod } from './api/live.js'
import { howEnded, isReady, lastLines } from './diagnosis.js'
import { complaintsOf, shardOfWorkload, podsOf, type View } from './view.js'

export interface StatusOf {
  readonly plan: FlowPlan
  readonly view: View
  readonly namespace: string
  /** Local port that forwards to the gateway; null without one. */
  readonly port: number | null
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Status as the cluster reports it. Waiting and in-flight requests are 0: only the gateway knows them. */
export function statusOf({ plan, view, namespace, port, now }: StatusOf): FlowStatus {
  const stages = plan.stages.map((stage) => stageStatus(stage, view, now))
  const all = listenersOf(plan.settings)
  const { protocols } = all.find((each) => each.protocols.includes('grpc')) ?? all[0]!
  const listeners =
    port === null ? [] : [{ protocols, host: '127.0.0.1', port, tls: plan.settings.tls !== null }]
  return { name: plan.settings.name, on: 'kubernetes', namespace, pid: null, port, listeners, stages }
}

function stageStatus(stage: StagePlan, view: View, now: number): StageStatus {
  const { name, needs, shards, external, source } = stage
  const own = view.controllers.filter((controller) => shardOfWorkload(controller)?.stage === name)
  if (own.length === 0) {
    const runtime =
      external.length > 0 ? 'external' : source.kind === 'pass-through' ? 'pass-through' : 'kubernetes'
    return {
      ...noPods,
      name,
      needs,
      runtime,
      degraded: runtime === 'kubernetes' ? 'the cluster has no objects of it' : null,
    }
  }
  const parts = own.map((controller) => {
    const shard = shardOfWorkload(controller)!.shard
    const pods = podsOf(view, controller.metadata.name)
    return { controller, shard, pods, ready: pods.filter(isReady).length }
  })
  const shardStatuses = parts.map(
    ({ controller, shard, ready }): ShardStatus => ({
      name: shards > 1 ? `${name}/shard-${shard}` : name,
      replicas: controller.spec.replicas ?? 1,
      ready,
      asked: 0,
      failed: 0,
    }),
  )
  const complaints = own.flatMap((controller) => complaintsOf(view, controller))
  return {
    name,
    needs,
    runtime: 'kubernetes',
    replicas: shardStatuses.reduce((sum, { replicas }) => sum + replicas, 0),
    ready: shardStatuses.reduce((sum, { ready }) => sum + ready, 0),
    degraded:
      complaints.map(({ pod, sentence }) => (pod === null ? sentence : `${pod} ${sentence}`))[0] ?? null,
    ...sumCounts([]),
    shards: shardStatuses,
    pods: parts.flatMap(({ pods }, index) =>
      pods.map((pod) => podStatus(pod, { shard: shardStatuses[index]!.name, now })),
    ),
  }
}

const noPods = { replicas: 0, ready: 0, ...sumCounts([]), shards: [], pods: [] } as const

function podStatus(pod: Pod, { shard, now }: { readonly shard: string; readonly now: number }): PodStatus {
  const { name } = pod.metadata
  const [container] = pod.status?.containerStatuses ?? []
  const end = container?.lastState?.terminated
  const since = Date.parse(changed(pod) ?? '')
  return {
    name,
    shard,
    pid: null,
    state: podState(pod),
    inFlight: 0,
    latencyMs: null,
    answered: null,
    failed: null,
    restarts: container?.restartCount ?? 0,
    ...(end !== undefined && { lastEnd: [`${name} ended: ${howEnded(end)}`, ...lastLines(end)].join('\n') }),
    sinceMs: Number.isNaN(since) ? 0 : Math.max(0, now - since),
  }
}

/** Maps a pod's status to the states of local pods. */
export function podState(pod: Pod): PodState {
  if (pod.metadata.deletionTimestamp !== undefined) return 'draining'
  if (isReady(pod)) return 'ready'
  const { phase, containerStatuses } = pod.status ?? {}
  if (phase === 'Failed' || phase === 'Unknown') return 'lost'
  const [container] = containerStatuses ?? []
  if (container?.state?.terminated !== undefined || container?.state?.waiting?.reason === 'CrashLoopBackOff')
    return 'backoff'
  // `started`: its startup probe succeeded earlier
  return container?.state?.running !== undefined && container.started === true ? 'silent' : 'starting'
}

function changed(pod: Pod): string | undefined {
  return pod.metadata.deletionTimestamp === undefined
    ? (readyCondition(pod)?.lastTransitionTime ?? pod.metadata.creationTimestamp)
    : undefined
}

function readyCondition({ status }: Pod): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')
}
