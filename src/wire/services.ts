/**
 * Jina's services, as reflection lists them: a Jina client picks its stubs from this list. Not `JinaDataRequestRPC`, which is for
 * heads and Executors that are sent several requests at once.
 */
export const jinaServices = [
  'jina.JinaRPC',
  'jina.JinaSingleDataRequestRPC',
  'jina.JinaGatewayDryRunRPC',
  'jina.JinaSingleDocumentRequestRPC',
  'jina.JinaDiscoverEndpointsRPC',
  'jina.JinaInfoRPC',
] as const
