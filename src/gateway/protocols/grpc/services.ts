import { methods as paths } from '../../../grpc/methods.js'
import { listServices } from '../../../wire/descriptors.js'
import type { Serving } from '../../serving.js'
import { ServingState } from '../serving-state.js'
import { callStream, processSingleData, streamDoc } from './data-requests.js'
import { dryRun, endpointDiscovery, info } from './flow-state.js'
import { Health } from './health.js'
import type { Method } from './method.js'
import { reflection } from './reflection.js'

export interface Services {
  /** By path, as it stands in `:path`. */
  readonly methods: Readonly<Record<string, Method>>
  readonly state: ServingState
}

export function services(serving: Serving): Services {
  const state = new ServingState()
  const health = new Health(listServices(), state)
  const methods = {
    [paths.call]: callStream(serving),
    [paths.processSingleData]: processSingleData(serving),
    [paths.streamDoc]: streamDoc(serving),
    [paths.endpointDiscovery]: endpointDiscovery(serving),
    [paths.dryRun]: dryRun(serving),
    [paths.info]: info(),
    [paths.healthCheck]: health.check,
    [paths.healthWatch]: health.watch,
    [paths.reflection]: reflection(),
    [paths.reflectionAlpha]: reflection(),
  }
  return { methods, state }
}
