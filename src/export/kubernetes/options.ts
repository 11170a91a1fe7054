import type { OptionTable } from '../../plan/option.js'
import { integer, text } from '../../plan/option-kinds.js'
import { workloadOptions } from '../../containers/workload-options.js'
import type { WorkloadOptions } from '../../containers/workload.js'

export interface KubernetesOptions extends WorkloadOptions {
  /** Namespace of all objects, which must exist. Default null: the Flow's name, or `default` when it has none. */
  readonly namespace: string | null
  /** Copies of the gateway. Default 1. */
  readonly gatewayReplicas: number
  /** Size of each volume that is claimed. Default `'10Gi'`. */
  readonly storage: string
  /** Class of those volumes. Default null: the cluster's own. */
  readonly storageClass: string | null
  /**
   * Class of volumes that many pods can write to (ReadWriteMany), for stages whose replicas share a workspace: one claim a
   * shard. Default null: such a stage has one replica a shard, or is refused.
   */
  readonly sharedStorageClass: string | null
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
