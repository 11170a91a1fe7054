import type { OptionTable } from '../../plan/option.js'
import { flag, integer, text } from '../../plan/option-kinds.js'
import { workloadOptions } from '../../containers/workload-options.js'
import type { WorkloadOptions } from '../../containers/workload.js'

export interface KubernetesOptions extends WorkloadOptions {
  /** Namespace of all objects; must exist. Default null: the Flow's name, or `default` without one. */
  readonly namespace: string | null
  /** Number of gateway pods. Default 1. */
  readonly gatewayReplicas: number
  /** Size of each volume claim. Default `'10Gi'`. */
  readonly storage: string
  /** Storage class of the claims. Default null: the cluster's default. */
  readonly storageClass: string | null
  /**
   * Class of volumes that many pods can write to (ReadWriteMany), for stages whose replicas share a workspace: one claim
   * per shard. Default null: such a stage has one replica per shard, or is refused.
   */
  readonly sharedStorageClass: string | null
}

/** Options of the export alone. */
export interface KubernetesExportOptions extends KubernetesOptions {
  /** Adds a ServiceMonitor, by which Prometheus Operator, which must be installed, scrapes all pods. Default false. */
  readonly serviceMonitor: boolean
}

export const kubernetesOptions: OptionTable<KubernetesOptions> = {
  ...workloadOptions,
  namespace: text(null),
  gatewayReplicas: integer(1, 1, 1024),
  storage: {
    expected: "a quantity such as '10Gi'",
    preset: '10Gi',
    parse: (value) =>
      typeof value === 'string' && /^[1-9]\d*([kMGTP]|[KMGTP]i)$/.test(value) ? value : undefined,
  },
  storageClass: text(null),
  sharedStorageClass: text(null),
}

export const kubernetesExportOptions: OptionTable<KubernetesExportOptions> = {
  ...kubernetesOptions,
  serviceMonitor: flag(false),
}
