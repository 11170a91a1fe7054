import { listServices } from '../../../wire/descriptors.js'
import type { Serving } from '../../serving.js'
import { callStream, processSingleData, streamDoc } from './data-requests.js'
import { dryRun, endpointDiscovery, info } from './flow-state.js'
import { Health } from './health.js'
import type { Method } from './method.js'
import { reflection } from './reflection.js'

export interface Services {
  /** By path, as it stands in `:path`. */
  readonly methods: Readonly<Record<string, Method>>
  readonly health: Health
}

export function services(serving: Serving): Services {
  const health = new Health(listServices())
  const methods = {
    '/jina.JinaRPC/Call': callStream(serving),
    '/jina.JinaSingleDataRequestRPC/process_single_data': processSingleData(serving),
    '/jina.JinaSingleDocumentRequestRPC/stream_doc': streamDoc(serving),
    '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery': endpointDiscovery(serving),
    '/jina.JinaGatewayDryRunRPC/dry_run': dryRun(serving),
    '/jina.JinaInfoRPC/_status': info(),
    '/grpc.health.v1.Health/Check': health.check,
    '/grpc.health.v1.Health/Watch': health.watch,
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': reflection(),
    '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': reflection(),
  }
  return { methods, health }
}
