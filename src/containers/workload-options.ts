import { imageOption, resourcesOption } from '../plan/container.js'
import type { OptionTable } from '../plan/option.js'
import { optional, text } from '../plan/option-kinds.js'
import type { WorkloadOptions } from './workload.js'

/** Options of every export to containers. */
export const workloadOptions: OptionTable<WorkloadOptions> = {
  image: optional(imageOption),
  gatewayImage: optional(imageOption),
  gatewayResources: resourcesOption,
  project: text('.'),
}
