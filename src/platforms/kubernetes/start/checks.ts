import { MillraceError } from '../../../errors.js'
import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { Cluster } from '../api/cluster.js'
import type { Live } from '../api/live.js'
import { get, list, shown } from '../api/objects.js'
import { refusal } from '../api/refusal.js'
import { labels, managed, refOf } from '../objects-of.js'
import { checkRights, startRights } from './rights.js'

export interface Intent {
  readonly namespace: string
  /** Name of the Flow as a label value. */
  readonly flow: string
  readonly objects: readonly KubernetesObject[]
  /** True when the gateway is reached through the API. */
  readonly forwards: boolean
}

/**
 * Checks everything that can be checked before a change, except the objects themselves (see `dryRunAll`).
 *
 * @throws UNAVAILABLE, FORBIDDEN, NOT_FOUND for the namespace, START_FAILED for objects that Millrace did not create
 */
export async function checkBefore(cluster: Cluster, intent: Intent): Promise<void> {
  await checkNamespace(cluster, intent.namespace)
  await checkRights(cluster, intent.namespace, startRights(intent.objects, intent))
  await checkOtherFlows(cluster, intent)
  await checkForeignObjects(cluster, intent)
}

/** @throws NOT_FOUND */
async function checkNamespace(cluster: Cluster, namespace: string): Promise<void> {
  const answer = await cluster.ask({ method: 'GET', path: `/api/v1/namespaces/${namespace}` })
  // the user may not get namespaces: the dry run detects a missing one
  if (answer.status === 403) return
  if (answer.status === 404) {
    throw new MillraceError(
      'NOT_FOUND',
      `There is no namespace '${namespace}' in ${cluster.label}. Make it with 'kubectl create namespace ${namespace}', or name another one: namespace (--namespace). Nothing was changed.`,
    )
  }
  if (answer.status !== 200) throw refusal(answer, `get namespace '${namespace}'`, cluster.label)
  const { deletionTimestamp } = (answer.body as Live).metadata
  if (deletionTimestamp === undefined) return
  throw new MillraceError(
    'START_FAILED',
    `The namespace '${namespace}' is being deleted. Wait until it is gone and make it again, or name another one. Nothing was changed.`,
  )
}

/** Object names do not contain the Flow's name, so a namespace can hold only one Flow. @throws START_FAILED */
async function checkOtherFlows(cluster: Cluster, { namespace, flow }: Intent): Promise<void> {
  const running = await Promise.all(
    (['Deployment', 'StatefulSet'] as const).map((kind) =>
      list(cluster, kind, { namespace, labels: managed }),
    ),
  )
  const other = running
    .flat()
    .map(({ metadata }) => metadata.labels?.[labels.flow])
    .find((name) => name !== undefined && name !== flow)
  if (other === undefined) return
  throw new MillraceError(
    'START_FAILED',
    `Two Flows in one namespace: '${namespace}' has the Flow '${other}' already, and this one is '${flow}'. Start it in a namespace of its own, or take the other one away: (await Flow.attach({ on: 'kubernetes', namespace: '${namespace}' })).close({ remove: true }). Nothing was changed.`,
  )
}

/** Refuses to overwrite objects that Millrace did not create. @throws START_FAILED */
async function checkForeignObjects(cluster: Cluster, { namespace, objects }: Intent): Promise<void> {
  const live = await Promise.all(objects.map((object) => get(cluster, refOf(object))))
  const ending = objects.filter((_, index) => live[index]?.metadata.deletionTimestamp !== undefined)
  if (ending.length > 0) {
    throw new MillraceError(
      'START_FAILED',
      `In the namespace '${namespace}' these are being deleted at the moment: ${listed(ending)}. Wait until they are gone: kubectl -n ${namespace} get all. Nothing was changed.`,
    )
  }
  const strangers = live.flatMap((object, index) =>
    object !== null && object.metadata.labels?.[labels.managedBy] !== 'millrace' ? [objects[index]!] : [],
  )
  if (strangers.length === 0) return
  throw new MillraceError(
    'START_FAILED',
    `The namespace '${namespace}' has objects of the same names that are not Millrace's: ${listed(strangers)}. Rename the stages, or start in another namespace. Nothing was changed.`,
  )
}

function listed(objects: readonly KubernetesObject[]): string {
  return objects.map(({ kind, metadata: { name } }) => shown({ kind, name })).join(', ')
}
