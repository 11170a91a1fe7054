import { askReadiness } from '../../../client/readiness.js'
import { MillraceError } from '../../../errors.js'
import { containerEntry } from '../../../containers/container-listeners.js'
import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import { flowLabel } from '../../../export/kubernetes/part.js'
import type { FlowPlan } from '../../../plan/flow-plan.js'
import type { ClientTls } from '../../../tls/client-tls.js'
import { ownClientTls } from '../../certificates.js'
import type { StartTools } from '../../platform.js'
import type { Cluster } from '../api/cluster.js'
import { shown } from '../api/objects.js'
import { certificateSecrets } from '../certificate-secret.js'
import { ClusterFlow } from '../remote-flow.js'
import { objectsOf } from '../objects-of.js'
import type { KubernetesStartOptions } from '../options.js'
import type { WorkloadRef } from '../view.js'
import { applyAll, dryRunAll } from './apply.js'
import { keepReplicas } from './autoscaled.js'
import { checkBefore } from './checks.js'
import { prune } from './prune.js'
import { untilReady } from './ready.js'

/** A Flow rendered as objects, with the options of its start. */
export interface RenderedFlow {
  readonly plan: FlowPlan
  readonly options: KubernetesStartOptions
  /** Of this program's client. */
  readonly tls: ClientTls | null
  readonly objects: readonly KubernetesObject[]
}

/** @throws INVALID_NAME, INVALID_OPTION, UNSUPPORTED */
export async function render(plan: FlowPlan, options: KubernetesStartOptions): Promise<RenderedFlow> {
  const tls = ownClientTls(plan.settings.tls, options.tls)
  const objects = await objectsOf(plan, options)
  const secrets = certificateSecrets(plan, objects[0]!.metadata.namespace)
  return { plan, options, tls, objects: [...secrets, ...objects] }
}

/**
 * Applies the objects of a Flow and waits for it.
 *
 * 1. Nothing is changed before every check has passed.
 * 2. A later failure reports which objects exist.
 *
 * @throws FORBIDDEN, NOT_FOUND, UNAVAILABLE, START_FAILED, START_TIMEOUT, CANCELLED
 */
export async function deploy(
  cluster: Cluster,
  { plan, options, tls, objects }: RenderedFlow,
  { report, signal }: StartTools,
): Promise<ClusterFlow> {
  const { namespace } = objects[0]!.metadata
  const flow = flowLabel(plan.settings.name)
  const { address } = options
  const timeoutMs = longestWait(plan)
  await checkBefore(cluster, { namespace, flow, objects, forwards: address === null })
  await dryRunAll(cluster, objects)
  signal.throwIfAborted()
  await applyAll(cluster, await keepReplicas(cluster, objects), signal)
  const workloads = objects.flatMap(({ kind, metadata: { name } }): WorkloadRef[] =>
    kind === 'Deployment' || kind === 'StatefulSet' ? [{ kind, name }] : [],
  )
  report(
    `Applied ${objects.length} objects in namespace '${namespace}'; waiting for ${workloads.map(shown).join(', ')}.`,
  )
  const running = { namespace, flow, timeoutMs, report }
  let opened: ClusterFlow | undefined
  try {
    await untilReady(cluster, { ...running, workloads, signal })
    const gone = await prune(cluster, { namespace, flow, objects })
    if (gone.length > 0) report(`Deleted what this Flow no longer has, but no claims: ${gone.join(', ')}.`)
    opened = await ClusterFlow.open(cluster, { ...running, plan, address, tls })
    opened.renewCertificates(plan.settings.tls)
    await untilAnswered(cluster, opened, { timeoutMs, signal })
    const { scheme, port } = containerEntry(plan.settings)
    report(
      `The Flow '${flow}' is ready: ${opened.host} from this program, ${scheme}://gateway.${namespace}.svc:${port} in the cluster.`,
    )
    return opened
  } catch (error) {
    await opened?.close({ remove: false })
    throw withRemains(MillraceError.from(error), { namespace, flow, objects })
  }
}

/** Waits for a request to succeed: the gateway discovers replicas with a delay of a second. @throws START_TIMEOUT */
async function untilAnswered(
  { pace }: Cluster,
  { host, tls }: Pick<ClusterFlow, 'host' | 'tls'>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const start = pace.now()
  for (;;) {
    signal.throwIfAborted()
    const failure = await askReadiness(host, {
      isFlow: true,
      timeoutMs: 5000,
      ...(tls !== null && { tls }),
    }).then(
      () => null,
      (error: unknown) => MillraceError.from(error),
    )
    if (failure === null) return
    if (pace.now() - start >= timeoutMs) {
      throw new MillraceError(
        'START_TIMEOUT',
        `All pods are ready, but a request through all stages, sent to ${host}, does not succeed after ${timeoutMs / 1000} s: ${failure.message}`,
        { cause: failure },
      )
    }
    await pace.sleep(250, signal)
  }
}

/** Longest timeout of the gateway and all stages; Infinity when one has none. */
function longestWait({ settings, stages }: FlowPlan): number {
  const each = stages.map(({ timeoutReadyMs }) => timeoutReadyMs ?? settings.timeoutReadyMs)
  return Math.max(...[settings.timeoutReadyMs, ...each].map((ms) => (ms < 0 ? Number.POSITIVE_INFINITY : ms)))
}

function withRemains(
  failure: MillraceError,
  {
    namespace,
    flow,
    objects,
  }: { readonly namespace: string; readonly flow: string; readonly objects: RenderedFlow['objects'] },
): MillraceError {
  const there = objects.map(({ kind, metadata: { name } }) => shown({ kind, name })).join(', ')
  const remains = `The objects of the Flow '${flow}' were applied in namespace '${namespace}' and are still there: ${there}. Start it again when the reason is gone, or take them away: (await Flow.attach({ on: 'kubernetes', namespace: '${namespace}' })).close({ remove: true }).`
  return new MillraceError(failure.code, `${failure.message} ${remains}`, {
    ...failure.facts,
    cause: failure.cause,
  })
}
