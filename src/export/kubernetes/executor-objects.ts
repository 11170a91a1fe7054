import { MillraceError } from '../../errors.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { checksum } from '../../containers/checksum.js'
import { executorMetricsPort } from '../../containers/executor-config.js'
import { checkDnsName } from '../../containers/names.js'
import { mostReplicas } from '../../containers/shared-workspace.js'
import { yamlText } from '../../containers/yaml-text.js'
import type { Workload } from '../../containers/workload.js'
import { autoscaler } from './autoscaler.js'
import { environmentMap, filesMap } from './config-maps.js'
import { deployment, statefulSet } from './controllers.js'
import { disruptionBudget } from './disruption-budget.js'
import type { KubernetesObject } from './object.js'
import type { KubernetesOptions } from './options.js'
import { type Part, workloadPart } from './part.js'
import { podTemplate } from './pod-template.js'
import { onePort } from './ports.js'
import { headlessService } from './service.js'
import { containerResources } from './resources.js'
import { accounts } from './service-accounts.js'
import { podVolumes } from './volumes.js'

/** Annotation of a controller whose pods have a volume each although they may need a shared workspace; its value is `own`. */
export const workspaceAnnotation = 'millrace/workspace'

/** Maximum length: a StatefulSet appends `-` and a hash of ten characters to its name for a label of at most 63. */
const longestStateful = 52

/** The objects of one shard, in order of dependency. @throws UNSUPPORTED, INVALID_NAME */
export async function executorObjects(
  plan: FlowPlan,
  workload: Workload,
  options: KubernetesOptions & { readonly namespace: string },
): Promise<readonly KubernetesObject[]> {
  const { stage, env, config } = workload
  const part = workloadPart(plan, workload, options.namespace)
  const { mounts, volumes, claims, shared, isOwn } = podVolumes(workload, part, options)
  const files = config.file === null ? null : { 'config.yml': await yamlText(config.file) }
  const timeoutReadyMs = stage.timeoutReadyMs ?? plan.settings.timeoutReadyMs
  const maps = [
    ...(Object.keys(env).length > 0 ? [environmentMap(part, env)] : []),
    ...(files === null ? [] : [filesMap(part, files)]),
  ]
  const metricsPort = executorMetricsPort(plan)
  const template = podTemplate({
    part,
    ports: onePort,
    metricsPort,
    container: 'executor',
    image: workload.image,
    args: config.args,
    graceMs: plan.settings.graceMs,
    timeoutReadyMs,
    liveness: stage.liveness,
    maps: { environment: Object.keys(env).length > 0, files: files !== null },
    checksum: checksum(env, files),
    secrets: stage.envFromSecret,
    tls: null,
    isStateful: claims.length > 0,
    workspace: shared.length > 0 ? 'shared' : mayBeRefused(stage) ? 'own' : 'sole',
    resources: resources(stage),
    imagePullSecrets: stage.imagePullSecrets,
    account: accounts.executor,
    leaveSeconds: 0,
    volumes,
    mounts,
  })
  const replicas = stage.autoscale === null ? stage.replicas : null
  const init = { part, template, replicas, timeoutReadyMs }
  if (claims.length > 0) checkDnsName(part.name, stage.name, longestStateful)
  const made = claims.length > 0 ? statefulSet(init, claims) : deployment(init)
  const controller = workload.sharesWorkspace && isOwn ? withOneReplica(made) : made
  return [
    ...maps,
    ...shared,
    headlessService(part, metricsPort),
    controller,
    disruptionBudget(part),
    ...scaling(part, controller, stage),
  ]
}

/** Whether the Executor's class, which only the container knows, may require one workspace for all replicas. */
function mayBeRefused(stage: StagePlan): boolean {
  return mostReplicas(stage) > 1 && stage.sharedWorkspace !== false
}

/** Tells later `scale()` calls, which cannot load the class, that the stage must keep one replica. */
function withOneReplica(controller: KubernetesObject): KubernetesObject {
  const { metadata } = controller
  return { ...controller, metadata: { ...metadata, annotations: { [workspaceAnnotation]: 'own' } } }
}

function scaling(part: Part, controller: KubernetesObject, stage: StagePlan): readonly KubernetesObject[] {
  const { autoscale, resources } = stage
  return autoscale === null ? [] : [autoscaler(part, controller, { autoscale, resources })]
}

/** @throws UNSUPPORTED */
function resources({ resources, gpus, name }: StagePlan): object {
  if (typeof gpus === 'string') {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}': Kubernetes assigns gpus by number only, not '${gpus}'. Set how many each replica needs: gpus: 1.`,
    )
  }
  return containerResources(resources, gpus === null ? {} : { 'nvidia.com/gpu': gpus })
}
