import { workloadOptions } from '../../containers/workload-options.js'
import type { WorkloadOptions } from '../../containers/workload.js'
import type { OptionTable } from '../../plan/option.js'
import { text } from '../../plan/option-kinds.js'
import {
  type AttachedClientOptions,
  attachedClientOptions,
  type GatewayClientOptions,
  gatewayClientOptions,
} from '../gateway-client.js'
import { type RenewalOptions, renewalOptions } from '../renewed-files.js'

/** The engine comes from the environment, as for `docker`: DOCKER_HOST, else the default socket. */
export interface DockerStartOptions extends WorkloadOptions, GatewayClientOptions {}

export interface DockerAttachOptions extends AttachedClientOptions, RenewalOptions {
  /** Name of the Flow. Default null: the only running Flow. */
  readonly name: string | null
}

export const dockerStartOptions: OptionTable<DockerStartOptions> = {
  ...workloadOptions,
  ...gatewayClientOptions,
}

export const dockerAttachOptions: OptionTable<DockerAttachOptions> = {
  ...attachedClientOptions,
  ...renewalOptions,
  name: text(null),
}
