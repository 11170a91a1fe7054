import { imageOption } from '../../plan/container.js'
import type { OptionTable } from '../../plan/option.js'

export interface DockerfileOptions {
  /** Base image. Default `'node:24-slim'`. */
  readonly node: string
}

export const dockerfileOptions: OptionTable<DockerfileOptions> = {
  node: { ...imageOption, preset: 'node:24-slim' },
}
