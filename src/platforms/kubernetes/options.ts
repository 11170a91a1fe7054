import { type KubernetesOptions, kubernetesOptions } from '../../export/kubernetes/options.js'
import type { OptionTable } from '../../plan/option.js'
import { text } from '../../plan/option-kinds.js'

export interface ClusterOptions {
  /** Of the kubeconfig. Default null: its current one. */
  readonly context: string | null
  /** Path of a kubeconfig. Default null: as kubectl, KUBECONFIG or `~/.kube/config`; inside of a pod the pod's own. */
  readonly kubeconfig: string | null
  /** Where the gateway is reached: `grpc://gateway.example:443`. Default null: through the API, as `kubectl port-forward`. */
  readonly address: string | null
}

export type KubernetesStartOptions = KubernetesOptions & ClusterOptions

export interface KubernetesAttachOptions extends ClusterOptions {
  /** Default null: that of the context. */
  readonly namespace: string | null
}

const clusterOptions: OptionTable<ClusterOptions> = {
  context: text(null),
  kubeconfig: text(null),
  address: text(null),
}

export const kubernetesStartOptions: OptionTable<KubernetesStartOptions> = {
  ...kubernetesOptions,
  ...clusterOptions,
}

export const kubernetesAttachOptions: OptionTable<KubernetesAttachOptions> = {
  ...clusterOptions,
  namespace: text(null),
}
