/** Paths of the services of package `jina` that are called here (jina.md 4.2). */
export const methods = {
  call: '/jina.JinaRPC/Call',
  processSingleData: '/jina.JinaSingleDataRequestRPC/process_single_data',
  streamDoc: '/jina.JinaSingleDocumentRequestRPC/stream_doc',
  endpointDiscovery: '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery',
  dryRun: '/jina.JinaGatewayDryRunRPC/dry_run',
} as const

export type Method = (typeof methods)[keyof typeof methods]
