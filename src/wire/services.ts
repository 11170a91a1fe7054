/** Jina's services, as reflection always lists them: a Jina client picks its stubs from this list. */
export const jinaServices = [
  'jina.JinaRPC',
  'jina.JinaSingleDataRequestRPC',
  'jina.JinaDataRequestRPC',
  'jina.JinaGatewayDryRunRPC',
  'jina.JinaSingleDocumentRequestRPC',
  'jina.JinaDiscoverEndpointsRPC',
  'jina.JinaInfoRPC',
] as const
