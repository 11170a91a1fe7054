/** Paths of the services of package `jina`, and of gRPC's own, that are called here (jina.md 4.2). */
export const methods = {
  call: '/jina.JinaRPC/Call',
  processSingleData: '/jina.JinaSingleDataRequestRPC/process_single_data',
  streamDoc: '/jina.JinaSingleDocumentRequestRPC/stream_doc',
  endpointDiscovery: '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery',
  dryRun: '/jina.JinaGatewayDryRunRPC/dry_run',
  healthCheck: '/grpc.health.v1.Health/Check',
} as const

export type Method = (typeof methods)[keyof typeof methods]
