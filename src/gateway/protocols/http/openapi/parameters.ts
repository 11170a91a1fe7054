import { timeoutHeader } from '../../../../wire/gateway-headers.js'
import { jsonName } from './responses.js'
import { integer, object, ref, type Schema, text } from './schema.js'

const headers = {
  RequestId: {
    name: 'x-request-id',
    in: 'header',
    schema: text,
    description:
      'The id of the request, up to 128 printable ASCII letters; others are not taken over. By default a new one.',
  },
  Timeout: {
    name: timeoutHeader,
    in: 'header',
    schema: { ...integer, minimum: 0, maximum: 999_999_999 },
    description: 'Milliseconds that the client waits; then the request is cancelled and answered with 504.',
  },
}

/** `components.parameters`: headers of all requests, and the query of a GET to an endpoint, which is a document. */
export const parameters: Readonly<Record<string, unknown>> = {
  ...headers,
  ...Object.fromEntries(
    ['id', 'text', 'uri', 'mime_type', 'modality'].map((name) => [`Query_${name}`, query(name, text)]),
  ),
  Query_tags: inJson('tags', object({}), 'Tags of the document, an object as JSON.'),
  Query_tensor: inJson('tensor', ref('Tensor'), 'The tensor of the document as JSON.'),
  Query_embedding: inJson('embedding', ref('Tensor'), 'The embedding of the document as JSON.'),
  Query_parameters: inJson('parameters', ref('Parameters'), 'Parameters of the request, an object as JSON.'),
  Query_targetExecutor: query('targetExecutor', ref('TargetExecutor')),
}

/** The same where documents are of v2: requests say so in a header, and there is no GET. */
export const parametersOfV2: Readonly<Record<string, unknown>> = {
  DocArray: {
    name: 'docarray',
    in: 'header',
    required: true,
    schema: { const: 'v2' },
    description: 'That documents have their fields by name, as in DocArray v2.',
  },
  ...headers,
}

const names = Object.keys(parameters)

/** Headers that each request to an endpoint may have. */
export const headerParameters: readonly unknown[] = Object.keys(headers).map(named)

/** The same of requests with documents of v2, which say so. */
export const headerParametersOfV2: readonly unknown[] = Object.keys(parametersOfV2).map(named)

/** The query of a GET to an endpoint. */
export const queryParameters: readonly unknown[] = names
  .filter((name) => name.startsWith('Query_'))
  .map(named)

function named(name: string): unknown {
  return { $ref: `#/components/parameters/${name}` }
}

function query(name: string, schema: Schema): unknown {
  return { name, in: 'query', schema }
}

function inJson(name: string, schema: Schema, description: string): unknown {
  return { name, in: 'query', description, content: { [jsonName]: { schema } } }
}
