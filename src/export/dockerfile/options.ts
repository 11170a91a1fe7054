import { isImage } from '../../plan/container.js'
import type { OptionTable } from '../../plan/option.js'

export interface DockerfileOptions {
  /** Image of Node that it starts from. Default `'node:20-slim'`. */
  readonly node: string
}

export const dockerfileOptions: OptionTable<DockerfileOptions> = {
  node: {
    expected: "the name of an image, such as 'node:22-slim'",
    preset: 'node:20-slim',
    parse: (value) => (typeof value === 'string' && isImage(value) ? value : undefined),
  },
}
