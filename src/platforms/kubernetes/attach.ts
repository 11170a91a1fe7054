import { MillraceError } from '../../errors.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import type { FlowStatus } from '../../control/status.js'
import type { Cluster } from './api/cluster.js'
import type { ConfigMap, Controller } from './api/live.js'
import { get, list, listAllowed } from './api/objects.js'
import { foundPlan } from './found-plan.js'
import { labels, managed } from './objects-of.js'
import { statusOf } from './status.js'
import { checkWorkspaces } from './scale.js'
import { look, shardOfWorkload, type View } from './view.js'

const gateways = `${managed},${labels.component}=gateway`

/** Finds the Flow of a namespace. @throws NOT_FOUND with the existing Flows, FORBIDDEN, UNAVAILABLE */
export async function findFlow(
  cluster: Cluster,
  namespace: string,
): Promise<{ readonly flow: string; readonly plan: FlowPlan; readonly view: View }> {
  const files = await get<ConfigMap>(cluster, { kind: 'ConfigMap', namespace, name: 'gateway-files' })
  const flow = files?.metadata.labels?.[labels.flow]
  const text = files?.data?.['flow.yml']
  const isOurs = files?.metadata.labels?.[labels.managedBy] === 'millrace'
  if (!isOurs || flow === undefined || text === undefined) {
    throw new MillraceError(
      'NOT_FOUND',
      `There is no Flow in namespace '${namespace}' of ${cluster.label}. ${await known(cluster)}`,
    )
  }
  const view = await look(cluster, namespace, flow)
  return { flow, plan: await foundPlan(text, { flow, controllers: view.controllers }), view }
}

/**
 * Refuses a Flow one of whose stages has several replicas that would have to share a workspace, and do not.
 *
 * @throws INVALID_OPTION
 */
export function checkAttached(namespace: string, controllers: readonly Controller[]): void {
  for (const controller of controllers) {
    const { kind = '', metadata, spec } = controller
    const found = shardOfWorkload(controller)
    if (found === null || found === undefined) continue
    try {
      checkWorkspaces([controller], { stage: found.stage, replicas: spec.replicas ?? 1 })
    } catch (error) {
      const { code, message } = MillraceError.from(error)
      const command = `kubectl -n ${namespace} scale ${kind.toLowerCase()}/${metadata.name} --replicas 1`
      throw new MillraceError(code, `${message} To go on with this Flow: ${command}`, { cause: error })
    }
  }
}

/** Flows of a namespace; with null of all namespaces, or of the context's namespace where the user may not list all. */
export async function listFlows(cluster: Cluster, namespace: string | null): Promise<readonly FlowStatus[]> {
  const found =
    namespace === null
      ? ((await listAllowed<Controller>(cluster, 'Deployment', { namespace, labels: gateways })) ??
        (await list<Controller>(cluster, 'Deployment', { namespace: cluster.namespace, labels: gateways })))
      : await list<Controller>(cluster, 'Deployment', { namespace, labels: gateways })
  const statuses = await Promise.all(
    found.map(({ metadata }) =>
      statusIn(cluster, metadata.namespace ?? namespace ?? cluster.namespace).catch(ignoreGone),
    ),
  )
  return statuses.filter((status) => status !== null)
}

/** Status of the Flow of a namespace. @throws NOT_FOUND, FORBIDDEN, UNAVAILABLE */
export async function statusIn(cluster: Cluster, namespace: string): Promise<FlowStatus> {
  const { plan, view } = await findFlow(cluster, namespace)
  return statusOf({ plan, view, namespace, port: null, now: Date.now() })
}

/** Skips a Flow that is being removed. */
function ignoreGone(error: unknown): null {
  if (MillraceError.from(error).code === 'NOT_FOUND') return null
  throw error
}

async function known(cluster: Cluster): Promise<string> {
  const found = await listAllowed<Controller>(cluster, 'Deployment', { namespace: null, labels: gateways })
  if (found === null) return 'Name another one: namespace (--namespace), context (--context).'
  if (found.length === 0) return 'No other namespace has one, either.'
  const names = found.map(
    ({ metadata }) => `'${metadata.labels?.[labels.flow]}' in namespace '${metadata.namespace}'`,
  )
  return `There is: ${names.join(', ')}. Name it: namespace (--namespace).`
}
