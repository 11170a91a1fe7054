import { imageOption } from '../../plan/container.js'
import type { OptionTable } from '../../plan/option.js'

export interface DockerfileOptions {
  /** Image of Node that it starts from. Default `'node:20-slim'`. */
  readonly node: string
}

export const dockerfileOptions: OptionTable<DockerfileOptions> = {
  node: { ...imageOption, preset: 'node:20-slim' },
}
