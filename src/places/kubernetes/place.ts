import { MillraceError } from '../../errors.js'
import type { Place } from '../place.js'
import {
  type KubernetesAttachOptions,
  kubernetesAttachOptions,
  type KubernetesStartOptions,
  kubernetesStartOptions,
} from './options.js'

/** A whole Flow in a namespace of a cluster. */
export const kubernetes: Place<KubernetesStartOptions, KubernetesAttachOptions> = {
  startOptions: kubernetesStartOptions,
  attachOptions: kubernetesAttachOptions,
  start: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
  attach: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
  list: () => Promise.reject(new MillraceError('UNSUPPORTED', 'not yet')),
}
