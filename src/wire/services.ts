/** The services of Jina that reflection always lists: a Jina client picks its stubs from this list (jina.md 4.2). */
export const jinaServices = [
  'jina.JinaRPC',
  'jina.JinaSingleDataRequestRPC',
  'jina.JinaDataRequestRPC',
  'jina.JinaGatewayDryRunRPC',
  'jina.JinaSingleDocumentRequestRPC',
  'jina.JinaDiscoverEndpointsRPC',
  'jina.JinaInfoRPC',
] as const

/** Full gRPC paths of the methods that are served or called. */
export const methodPaths = {
  call: '/jina.JinaRPC/Call',
  processSingleData: '/jina.JinaSingleDataRequestRPC/process_single_data',
  processData: '/jina.JinaDataRequestRPC/process_data',
  streamDoc: '/jina.JinaSingleDocumentRequestRPC/stream_doc',
  endpointDiscovery: '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery',
  dryRun: '/jina.JinaGatewayDryRunRPC/dry_run',
  info: '/jina.JinaInfoRPC/_status',
  healthCheck: '/grpc.health.v1.Health/Check',
  healthWatch: '/grpc.health.v1.Health/Watch',
  reflection: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  reflectionAlpha: '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
} as const
