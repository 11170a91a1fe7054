import type { Scaled, ScaleRequest } from '../../control/controlled.js'
import { MillraceError } from '../../errors.js'
import type { Cluster } from './api/cluster.js'
import type { Controller, Live } from './api/live.js'
import { get, listAllowed, patch, type Ref, shown } from './api/objects.js'
import { refusal } from './api/refusal.js'
import { workspaceAnnotation } from '../../export/kubernetes/executor-objects.js'
import { notShared } from '../../workspace/own-workspace.js'
import { selectorOf } from './objects-of.js'
import { untilReady } from './start/ready.js'
import { look, shardOfWorkload, type View } from './view.js'

/** A Flow in a cluster, and the timeout for its pods. */
export interface Running {
  readonly namespace: string
  readonly flow: string
  readonly timeoutMs: number
  report(sentence: string): void
}

type Owned = View['controllers'][number]

/**
 * Sets the number of replicas through the `scale` subresource, and waits until new pods are ready and surplus pods are gone.
 * It waits for the cluster's current setting: when calls overlap (from any program), the last one wins and all resolve with
 * its number. `from` is that of the shard with the fewest replicas.
 *
 * The number must be within the bounds of an autoscaler, which continues from it.
 *
 * @throws UNSUPPORTED, INVALID_OPTION, FORBIDDEN; START_FAILED or START_TIMEOUT after restoring the previous numbers
 */
export async function scale(
  cluster: Cluster,
  running: Running,
  { stage, replicas, shard }: ScaleRequest & { readonly stage: string },
): Promise<Scaled> {
  const { pace } = cluster
  const start = pace.now()
  const workloads = await workloadsOf(cluster, running, { stage, shard })
  checkWorkspaces(workloads, { stage, replicas })
  await checkBounds(cluster, running, { workloads, stage, replicas })
  const names = workloads.map(({ kind, metadata: { name } }) => ({ kind, name }))
  try {
    for (const workload of workloads) await setReplicas(cluster, refOf(running, workload), replicas)
    await untilReady(cluster, { ...running, workloads: names, untilGone: true })
  } catch (error) {
    for (const workload of workloads)
      await rollBack(cluster, refOf(running, workload), { from: numberOf(workload), replicas })
    throw error
  }
  const from = Math.min(...workloads.map(numberOf))
  const now = await get<Controller>(cluster, refOf(running, workloads[0]!))
  return { from, to: now?.spec.replicas ?? replicas, seconds: (pace.now() - start) / 1000 }
}

/** @throws INVALID_OPTION for several replicas that would have to share a workspace but do not */
export function checkWorkspaces(
  workloads: readonly Controller[],
  { stage, replicas }: { readonly stage: string; readonly replicas: number },
): void {
  const isOwn = workloads.some(({ metadata }) => metadata.annotations?.[workspaceAnnotation] === 'own')
  if (isOwn && replicas > 1) throw new MillraceError('INVALID_OPTION', `stage '${stage}': ${notShared}`)
}

function numberOf({ spec }: Owned): number {
  return spec.replicas ?? 1
}

/** Deployments or StatefulSets of a stage. @throws UNSUPPORTED when it has none */
export async function workloadsOf(
  cluster: Cluster,
  { namespace, flow }: Running,
  { stage, shard }: { readonly stage: string; readonly shard?: number | undefined },
): Promise<readonly Owned[]> {
  const { controllers } = await look(cluster, namespace, flow)
  const workloads = controllers.filter((controller) => {
    const found = shardOfWorkload(controller)
    return found?.stage === stage && (shard === undefined || found.shard === shard)
  })
  if (workloads.length > 0) return workloads
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${stage}'${shard === undefined ? '' : `, shard ${shard},`} has no pods in namespace '${namespace}': it passes documents through, runs elsewhere, or was deleted there.`,
  )
}

export function refOf({ namespace }: Running, { kind, metadata: { name } }: Owned): Ref {
  return { kind, namespace, name }
}

interface Autoscaler extends Live {
  readonly spec: { readonly minReplicas?: number; readonly maxReplicas: number }
}

/** @throws INVALID_OPTION */
async function checkBounds(
  cluster: Cluster,
  { namespace, flow }: Running,
  wanted: { readonly workloads: readonly Owned[]; readonly stage: string; readonly replicas: number },
): Promise<void> {
  const { workloads, stage, replicas } = wanted
  const autoscalers =
    (await listAllowed<Autoscaler>(cluster, 'HorizontalPodAutoscaler', {
      namespace,
      labels: selectorOf(flow),
    })) ?? []
  for (const { metadata, spec } of autoscalers) {
    const { minReplicas = 1, maxReplicas } = spec
    if (workloads.every((workload) => workload.metadata.name !== metadata.name)) continue
    if (replicas >= minReplicas && replicas <= maxReplicas) continue
    throw new MillraceError(
      'INVALID_OPTION',
      `scale('${stage}'): its HorizontalPodAutoscaler keeps it between ${minReplicas} and ${maxReplicas}, so replicas cannot be ${replicas}. Change replicas of the stage and start the Flow again, to move the bounds.`,
    )
  }
}

/** @throws FORBIDDEN, NOT_FOUND, UNAVAILABLE */
async function setReplicas(cluster: Cluster, ref: Ref, replicas: number): Promise<void> {
  const answer = await patch(cluster, ref, {
    kind: 'merge',
    subresource: 'scale',
    body: { spec: { replicas } },
  })
  if (answer.status !== 200) throw refusal(answer, `scale ${shown(ref)}`, cluster.label)
}

/** Restores the previous number, unless it was changed again since. */
async function rollBack(
  cluster: Cluster,
  ref: Ref,
  { from, replicas }: { readonly from: number; readonly replicas: number },
): Promise<void> {
  const live = await get<Controller>(cluster, ref).catch(() => null)
  if (live?.spec.replicas !== replicas) return
  // the original failure is more useful than a failure of the rollback
  await setReplicas(cluster, ref, from).catch(() => {})
}
