import { protobufType } from '../../../../wire/gateway-headers.js'
import type { EndpointSchemas } from './endpoint-schemas.js'
import { headerParameters, headerParametersOfV2, queryParameters } from './parameters.js'
import { answered, failuresOf, jsonName, streamed } from './responses.js'
import { nullable, object, text } from './schema.js'

/** An operation without its `operationId`. */
export type Operation = Readonly<Record<string, unknown>>

/** What the operations of one gateway have in common. */
export interface OperationContext {
  /** Whether requests need a token. */
  readonly hasTokens: boolean
  /** Whether documents are of DocArray v2, which a header says. */
  readonly isV2: boolean
}

/** A request to an endpoint, with a body. */
export function bodyOperation(
  endpoint: string,
  schemas: EndpointSchemas,
  context: OperationContext,
): Operation {
  const { responses, ...operation } = endpointOperation(endpoint, schemas, context)
  return { ...operation, requestBody: requestBody(schemas), responses }
}

/** A request to an endpoint whose document is in the query. */
export function queryOperation(
  endpoint: string,
  schemas: EndpointSchemas,
  context: OperationContext,
): Operation {
  const operation = endpointOperation(endpoint, schemas, context)
  return { ...operation, parameters: [...headerParameters, ...queryParameters] }
}

function endpointOperation(
  endpoint: string,
  { answer }: EndpointSchemas,
  { hasTokens, isV2 }: OperationContext,
) {
  return {
    tags: ['endpoints'],
    summary: endpoint,
    parameters: isV2 ? headerParametersOfV2 : headerParameters,
    responses: { 200: answered(answer), ...failuresOf({ hasTokens, isRequest: true }) },
  }
}

/** A stream from an endpoint, for browsers: its document is in the query, and its path needs `accept: text/event-stream`. */
export function streamOperation(endpoint: string, { hasTokens }: OperationContext): Operation {
  return {
    tags: ['endpoints'],
    summary: `${endpoint} as a stream`,
    description: 'Needs the header `accept: text/event-stream`; takes one document.',
    parameters: [...headerParameters, ...queryParameters],
    responses: {
      200: streamed,
      ...failuresOf({ hasTokens, isRequest: true }),
    },
  }
}

/** `POST /post`. */
export function postOperation(schemas: EndpointSchemas, { hasTokens }: OperationContext): Operation {
  const withEndpoint = object({
    execEndpoint: { ...nullable(text), default: '/', description: 'The endpoint.' },
  })
  return {
    tags: ['requests'],
    summary: 'A request to the endpoint that the body names',
    description: 'Keys may be in camelCase or snake_case.',
    parameters: headerParameters,
    requestBody: requestBody({ ...schemas, request: { allOf: [schemas.request, withEndpoint] } }),
    responses: { 200: answered(schemas.answer), ...failuresOf({ hasTokens, isRequest: true }) },
  }
}

/** A route that tells something of the gateway. */
export function stateOperation(
  summary: string,
  responses: Readonly<Record<string, unknown>>,
  { hasTokens, isOpen = false }: { readonly hasTokens: boolean; readonly isOpen?: boolean },
): Operation {
  const needsToken = hasTokens && !isOpen
  return {
    tags: ['health'],
    summary,
    ...(hasTokens && isOpen && { security: [] }),
    responses: { ...failuresOf({ hasTokens: needsToken, isRequest: false }), ...responses },
  }
}

function requestBody({ request, needsParameters }: EndpointSchemas): unknown {
  const without = needsParameters ? '' : 'Without a body: a request without documents. '
  return {
    description: `${without}Protobuf is a DataRequestProto.`,
    ...(needsParameters && { required: true }),
    content: { [jsonName]: { schema: request }, [protobufType]: {} },
  }
}
