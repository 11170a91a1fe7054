import { MillraceError } from '../../errors.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { dnsName } from '../../containers/names.js'
import type { ExportTarget, TextFile } from '../target.js'
import { workloads } from '../../containers/workload.js'
import { yamlText } from '../../containers/yaml-text.js'
import { executorObjects } from './executor-objects.js'
import { gatewayObjects } from './gateway-objects.js'
import type { KubernetesObject } from './object.js'
import { type KubernetesExportOptions, kubernetesExportOptions, type KubernetesOptions } from './options.js'
import { defaultNamespace } from './part.js'
import { serviceAccounts } from './service-accounts.js'
import { serviceMonitor } from './service-monitor.js'

/** The objects of one file. */
export interface Manifest {
  readonly path: string
  readonly objects: readonly KubernetesObject[]
}

/**
 * Plain YAML in a folder for each stage (jina.md 6.4), and a kustomization that lists all files.
 */
export const kubernetes: ExportTarget<FlowPlan, KubernetesExportOptions> = {
  options: kubernetesExportOptions,
  async render(plan, options) {
    const manifests = [...(await kubernetesManifests(plan, options)), ...monitors(plan, options)]
    const files = await Promise.all(
      manifests.map(
        async ({ path, objects }): Promise<TextFile> => ({ path, text: await yamlText(...objects) }),
      ),
    )
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: files.map(({ path }) => path),
    }
    return [{ path: 'kustomization.yaml', text: await yamlText(kustomization) }, ...files]
  },
}

/** @throws INVALID_OPTION */
function monitors(plan: FlowPlan, options: KubernetesExportOptions): readonly Manifest[] {
  if (!options.serviceMonitor) return []
  const namespace = options.namespace ?? defaultNamespace(plan)
  return [{ path: 'service-monitor.yml', objects: [serviceMonitor(plan, namespace)] }]
}

/** @throws INVALID_NAME, INVALID_OPTION, UNSUPPORTED */
export async function kubernetesManifests(
  plan: FlowPlan,
  options: KubernetesOptions,
): Promise<readonly Manifest[]> {
  const namespace = options.namespace ?? defaultNamespace(plan)
  checkNamespace(namespace)
  const placed = { ...options, namespace }
  const executors = workloads(plan, options).map(async (workload) => ({
    path: `${dnsName(workload.stage.name)}/${workload.name}.yml`,
    objects: await executorObjects(plan, workload, placed),
  }))
  const gateway = gatewayObjects(plan, placed).then((objects) => ({ path: 'gateway/gateway.yml', objects }))
  return [
    { path: 'service-account.yml', objects: serviceAccounts(namespace) },
    // awaited together: a refused stage must not reject while only the gateway is awaited
    ...(await Promise.all([gateway, ...executors])),
  ]
}

function checkNamespace(namespace: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) return
  throw new MillraceError(
    'INVALID_NAME',
    `A namespace has at most 63 letters from a to z, digits and -, not ${JSON.stringify(namespace)}. Name another one: namespace (--namespace).`,
  )
}
