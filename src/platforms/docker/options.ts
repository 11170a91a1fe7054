import { workloadOptions } from '../../containers/workload-options.js'
import type { WorkloadOptions } from '../../containers/workload.js'
import type { OptionTable } from '../../plan/option.js'
import { text } from '../../plan/option-kinds.js'

/** Which engine is that of the environment, as for `docker`: DOCKER_HOST, otherwise its socket. */
export interface DockerStartOptions extends WorkloadOptions {}

export interface DockerAttachOptions {
  /** Name of the Flow. Default null: the only one that runs. */
  readonly name: string | null
}

export const dockerStartOptions: OptionTable<DockerStartOptions> = workloadOptions

export const dockerAttachOptions: OptionTable<DockerAttachOptions> = { name: text(null) }
