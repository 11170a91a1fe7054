import { MillraceError } from '../../errors.js'
import type { Place } from '../place.js'
import {
  type DockerAttachOptions,
  dockerAttachOptions,
  type DockerStartOptions,
  dockerStartOptions,
} from './options.js'

/** A whole Flow in containers of one Docker engine. */
export const docker: Place<DockerStartOptions, DockerAttachOptions> = {
  startOptions: dockerStartOptions,
  attachOptions: dockerAttachOptions,
  start: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
  attach: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
  list: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
}
