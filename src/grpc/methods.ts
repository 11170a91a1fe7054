/** Paths of the gRPC methods of package `jina`, and of gRPC's own services, that are called or served here (jina.md 4.2). */
export const methods = {
  call: '/jina.JinaRPC/Call',
  processSingleData: '/jina.JinaSingleDataRequestRPC/process_single_data',
  processData: '/jina.JinaDataRequestRPC/process_data',
  streamDoc: '/jina.JinaSingleDocumentRequestRPC/stream_doc',
  endpointDiscovery: '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery',
  status: '/jina.JinaInfoRPC/_status',
  dryRun: '/jina.JinaGatewayDryRunRPC/dry_run',
  info: '/jina.JinaInfoRPC/_status',
  healthCheck: '/grpc.health.v1.Health/Check',
  healthWatch: '/grpc.health.v1.Health/Watch',
  reflection: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  reflectionAlpha: '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
} as const

export type Method = (typeof methods)[keyof typeof methods]
