import type { OptionTable } from '../../plan/option.js'
import { integer, text } from '../../plan/option-kinds.js'
import { workloadOptions } from '../../containers/workload-options.js'
import type { WorkloadOptions } from '../../containers/workload.js'

export interface DockerComposeOptions extends WorkloadOptions {
  /** Host port of the gateway; further ports follow it. Default null: the Flow's ports, or for port 0 those from 8080 on. */
  readonly port: number | null
  /** Name of the network between the containers. Default `'stages'`. */
  readonly network: string
}

export const dockerComposeOptions: OptionTable<DockerComposeOptions> = {
  ...workloadOptions,
  port: integer(null, 1, 65_535),
  network: text('stages'),
}
