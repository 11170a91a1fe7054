import type { FlowPlan } from '../../plan/flow-plan.js'
import { livenessOption } from '../../plan/resilience.js'
import { checksum } from '../../containers/checksum.js'
import { tokenVariable } from '../../containers/container-auth.js'
import { containerListeners } from '../../containers/container-listeners.js'
import { containerMetricsPortOf, containerPaths } from '../../containers/container-paths.js'
import { gatewayArgs, gatewayConfig } from '../../containers/gateway-config.js'
import { gatewayImage, isOwn } from '../../containers/workload.js'
import { yamlText } from '../../containers/yaml-text.js'
import { filesMap } from './config-maps.js'
import { deployment } from './controllers.js'
import { disruptionBudget } from './disruption-budget.js'
import type { KubernetesObject } from './object.js'
import type { KubernetesOptions } from './options.js'
import { gatewayPart } from './part.js'
import { podTemplate } from './pod-template.js'
import { metricsPorts, portsOf } from './ports.js'
import { containerResources } from './resources.js'
import { gatewayService } from './service.js'
import { accounts } from './service-accounts.js'

/**
 * Seconds that a terminating gateway keeps serving: nodes need this long to remove it from the Service, and until then clients
 * open new connections to it.
 */
const gatewayLeaveSeconds = 5

/**
 * The gateway's ConfigMap, Service and Deployment. Tokens of `auth` come from a Secret that the user creates, `gateway-auth`,
 * and the files of `tls` from another, `gateway-tls`.
 *
 * @throws UNSUPPORTED, INVALID_OPTION
 */
export async function gatewayObjects(
  plan: FlowPlan,
  options: KubernetesOptions & { readonly namespace: string },
): Promise<readonly KubernetesObject[]> {
  const { namespace, project } = options
  const { settings } = plan
  const part = gatewayPart(plan, namespace)
  const host = (workload: string): string => `${workload}.${namespace}.svc`
  const files = { 'flow.yml': await yamlText(gatewayConfig(plan, { project, host, discover: 'kubernetes' })) }
  const ports = portsOf(containerListeners(settings))
  const tokens = tokenVariable(settings.auth)
  const hasTls = settings.tls !== null
  const metricsPort = settings.metrics === null ? null : containerMetricsPortOf(settings.metrics)
  const template = podTemplate({
    part,
    ports,
    metricsPort,
    container: 'gateway',
    image: gatewayImage(options),
    args: gatewayArgs(plan, `${containerPaths.config}/flow.yml`),
    graceMs: settings.graceMs,
    timeoutReadyMs: settings.timeoutReadyMs,
    liveness: livenessOption.preset,
    maps: { environment: false, files: true },
    checksum: checksum(files),
    secrets: tokens === null ? {} : { [tokens]: { name: `${part.name}-auth`, key: tokens } },
    isStateful: false,
    workspace: 'sole',
    resources: containerResources(options.gatewayResources),
    imagePullSecrets: pullSecrets(plan),
    account: accounts.gateway,
    leaveSeconds: gatewayLeaveSeconds,
    tls: settings.tls,
    volumes: hasTls ? [{ name: 'tls', secret: { secretName: `${part.name}-tls`, defaultMode: 0o440 } }] : [],
    mounts: hasTls ? [{ name: 'tls', mountPath: containerPaths.tls, readOnly: true }] : [],
  })
  const { timeoutReadyMs } = settings
  return [
    filesMap(part, files),
    gatewayService(part, [...ports, ...metricsPorts(metricsPort)]),
    deployment({ part, template, replicas: options.gatewayReplicas, timeoutReadyMs }),
    disruptionBudget(part),
  ]
}

/** Pull secrets of all stages: the gateway's image is usually that of a stage. */
function pullSecrets({ stages }: FlowPlan): readonly string[] {
  return [...new Set(stages.filter(isOwn).flatMap(({ imagePullSecrets }) => imagePullSecrets))]
}
