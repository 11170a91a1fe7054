import { type KubernetesOptions, kubernetesOptions } from '../../export/kubernetes/options.js'
import type { OptionTable } from '../../plan/option.js'
import { text } from '../../plan/option-kinds.js'
import {
  type AttachedClientOptions,
  attachedClientOptions,
  type GatewayClientOptions,
  gatewayClientOptions,
} from '../gateway-client.js'
import { type RenewalOptions, renewalOptions } from '../renewed-files.js'

/** Which cluster to use, and how to reach the gateway in it. */
export interface ClusterOptions extends GatewayClientOptions {
  /** Context of the kubeconfig. Default null: the current context. */
  readonly context: string | null
  /** Path of a kubeconfig. Default null: like kubectl, KUBECONFIG or `~/.kube/config`; in a pod its service account. */
  readonly kubeconfig: string | null
  /** Address of the gateway: `grpc://gateway.example:443`. Default null: port forwarding through the API, like `kubectl port-forward`. */
  readonly address: string | null
}

export type KubernetesStartOptions = KubernetesOptions & ClusterOptions

export interface KubernetesAttachOptions extends ClusterOptions, AttachedClientOptions, RenewalOptions {
  /** Default null: the namespace of the context. */
  readonly namespace: string | null
}

const clusterOptions: OptionTable<ClusterOptions> = {
  ...gatewayClientOptions,
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
  ...attachedClientOptions,
  ...renewalOptions,
  namespace: text(null),
}
