/**
 * Jina's services, as reflection lists them: a gateway or head of Jina picks its stubs from this list. Gateways of Jina up to 3.14
 * refuse a server that lists any service besides these, so `laterServices` are listed separately.
 */
export const jinaServices = [
  'jina.JinaRPC',
  'jina.JinaSingleDataRequestRPC',
  'jina.JinaDataRequestRPC',
  'jina.JinaGatewayDryRunRPC',
  'jina.JinaDiscoverEndpointsRPC',
  'jina.JinaInfoRPC',
] as const

/** Services that Jina did not have in 3.14, or does not list. */
export const laterServices = ['jina.JinaSingleDocumentRequestRPC', 'grpc.health.v1.Health'] as const
