import { methods as paths } from '../../../grpc/methods.js'
import { listServices, listServicesForJina } from '../../../wire/descriptors.js'
import type { Serving } from '../../serving.js'
import { callStream, processData, processSingleData, streamDoc } from './data-requests.js'
import { dryRunMethod, endpointDiscovery, info } from './flow-state.js'
import { Health } from './health.js'
import type { Method } from './method.js'
import { reflection } from './reflection.js'

/** Methods by path, as in the `:path` header. */
export type Services = Readonly<Record<string, Method>>

/** Creates all methods of the gateway's gRPC services. */
export function services(serving: Serving): Services {
  const health = new Health(listServices(), serving.state)
  return {
    [paths.call]: callStream(serving),
    [paths.processSingleData]: processSingleData(serving),
    [paths.processData]: processData(serving),
    [paths.streamDoc]: streamDoc(serving),
    [paths.endpointDiscovery]: endpointDiscovery(serving),
    [paths.dryRun]: dryRunMethod(serving),
    [paths.info]: info(),
    [paths.healthCheck]: health.check,
    [paths.healthWatch]: health.watch,
    [paths.reflection]: reflection(listServices),
    [paths.reflectionAlpha]: reflection(listServicesForJina),
  }
}
