import type { Cluster } from './api/cluster.js'
import type { Controller, Event, Live, Pod } from './api/live.js'
import { list, listAllowed } from './api/objects.js'
import { type Complaint, creationComplaint, podComplaint } from './diagnosis.js'
import { labels, selectorOf } from './objects-of.js'

/** A Deployment or StatefulSet; its pods have its name as label `app`. */
export interface WorkloadRef {
  readonly kind: 'Deployment' | 'StatefulSet'
  readonly name: string
}

/** Snapshot of a Flow's objects. */
export interface View {
  readonly controllers: readonly (Controller & { readonly kind: WorkloadRef['kind'] })[]
  readonly pods: readonly Pod[]
  /** Null when the user may not list them. */
  readonly replicaSets: readonly Live[] | null
  /** Warnings, newest last. */
  readonly events: readonly Event[]
}

/** Takes a snapshot. @throws FORBIDDEN, UNAVAILABLE */
export async function look(cluster: Cluster, namespace: string, flow: string): Promise<View> {
  const ours = { namespace, labels: selectorOf(flow) }
  const [deployments, statefulSets, pods, replicaSets, events] = await Promise.all([
    list<Controller>(cluster, 'Deployment', ours),
    list<Controller>(cluster, 'StatefulSet', ours),
    list<Pod>(cluster, 'Pod', ours),
    listAllowed(cluster, 'ReplicaSet', ours),
    listAllowed<Event>(cluster, 'Event', { namespace, fields: 'type=Warning' }),
  ])
  return {
    // items of a list have no kind
    controllers: [
      ...deployments.map((each) => ({ ...each, kind: 'Deployment' as const })),
      ...statefulSets.map((each) => ({ ...each, kind: 'StatefulSet' as const })),
    ],
    pods,
    replicaSets,
    events: (events ?? []).toSorted((a, b) => timeOf(a) - timeOf(b)),
  }
}

/** True when all its pods have the newest template and are ready, and no other pods are left. */
export function isRolledOut({ metadata, spec, status = {} }: Controller): boolean {
  const wanted = spec.replicas ?? 1
  const { observedGeneration = 0, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status
  return (
    observedGeneration >= (metadata.generation ?? 0) &&
    replicas === wanted &&
    readyReplicas === wanted &&
    updatedReplicas === wanted
  )
}

/** The pods of a workload. */
export function podsOf({ pods }: View, name: string): readonly Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.app === name)
}

/** A problem of a workload; `pod` is null when it concerns no single pod. */
export interface WorkloadComplaint extends Complaint {
  readonly pod: string | null
}

/**
 * Problems that keep a workload from being ready, the worst first. Ignores pods of older templates; empty until the cluster
 * has observed the current specification.
 */
export function complaintsOf(
  view: View,
  controller: View['controllers'][number],
): readonly WorkloadComplaint[] {
  const { metadata, status } = controller
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return []
  const created = creation(view, controller)
  const pods = newestPods(view, controller).flatMap((pod) => {
    const complaint = podComplaint(pod, eventsOf(view, pod))
    return complaint === null ? [] : [{ ...complaint, pod: pod.metadata.name }]
  })
  const all = [...(created === null ? [] : [{ ...created, pod: null }]), ...pods]
  return all.toSorted((a, b) => a.patienceMs - b.patienceMs)
}

function creation(
  view: View,
  { kind, metadata: { name }, spec, status }: View['controllers'][number],
): Complaint | null {
  if ((status?.replicas ?? 0) >= (spec.replicas ?? 1) && kind === 'StatefulSet') return null
  const failure = status?.conditions?.find(
    ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
  )
  if (failure !== undefined) return creationComplaint(failure)
  const event = view.events.findLast(
    ({ involvedObject, reason }) =>
      reason === 'FailedCreate' && involvedObject.kind === 'StatefulSet' && involvedObject.name === name,
  )
  return event === undefined || kind === 'Deployment' ? null : creationComplaint(event)
}

function newestPods(view: View, { kind, metadata, status }: View['controllers'][number]): readonly Pod[] {
  const pods = podsOf(view, metadata.name)
  const hash = kind === 'StatefulSet' ? status?.updateRevision : newestHash(view, metadata)
  if (hash === undefined) return pods
  const label = kind === 'StatefulSet' ? 'controller-revision-hash' : 'pod-template-hash'
  return pods.filter((pod) => pod.metadata.labels?.[label] === hash)
}

const revision = 'deployment.kubernetes.io/revision'

/** Template hash of the Deployment's current ReplicaSet. */
function newestHash({ replicaSets }: View, { name, annotations }: Live['metadata']): string | undefined {
  const newest = replicaSets?.find(
    ({ metadata }) =>
      metadata.labels?.app === name && metadata.annotations?.[revision] === annotations?.[revision],
  )
  return newest?.metadata.labels?.['pod-template-hash']
}

function eventsOf({ events }: View, { metadata, spec }: Pod): readonly Event[] {
  const claims = (spec?.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)
  return events.filter(({ involvedObject: { kind, name, uid } }) =>
    kind === 'Pod'
      ? name === metadata.name && (uid === undefined || metadata.uid === undefined || uid === metadata.uid)
      : kind === 'PersistentVolumeClaim' && claims.includes(name),
  )
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0
}

/** Stage and shard of a workload; null for the gateway. */
export function shardOfWorkload({
  metadata,
}: Live): { readonly stage: string; readonly shard: number } | null {
  if (metadata.labels?.[labels.component] === 'gateway') return null
  return { stage: metadata.labels?.[labels.stage] ?? '', shard: Number(metadata.labels?.[labels.shard] ?? 0) }
}
