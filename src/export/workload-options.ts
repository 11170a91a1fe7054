import { isImage } from '../plan/container.js'
import type { Option, OptionTable } from '../plan/option.js'
import { text } from '../plan/option-kinds.js'
import type { WorkloadOptions } from './workload.js'

const image: Option<string | null> = {
  expected: "the name of an image, such as 'registry.example/shop:1.2'",
  preset: null,
  parse: (value) =>
    value === null || (typeof value === 'string' && isImage(value)) ? (value as string | null) : undefined,
}

/** What every export to containers takes. */
export const workloadOptions: OptionTable<WorkloadOptions> = {
  image,
  gatewayImage: image,
  project: text('.'),
}
