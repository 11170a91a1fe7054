import { imageOption } from '../plan/container.js'
import type { OptionTable } from '../plan/option.js'
import { optional, text } from '../plan/option-kinds.js'
import type { WorkloadOptions } from './workload.js'

/** What every export to containers takes. */
export const workloadOptions: OptionTable<WorkloadOptions> = {
  image: optional(imageOption),
  gatewayImage: optional(imageOption),
  project: text('.'),
}
