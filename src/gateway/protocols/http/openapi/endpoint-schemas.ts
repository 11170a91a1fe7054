import type { Description } from '../../../../call/call.js'
import type { RequestLimits } from '../../../../wire/request-limits.js'
import type { TypedSchemas } from './typed-schemas.js'
import type { Parts } from './parts.js'
import { list, nullable, object, ref, type Schema, text } from './schema.js'

/** The JSON bodies of one endpoint. */
export interface EndpointSchemas {
  readonly request: Schema
  readonly answer: Schema
  /** Whether a request must have parameters, and so a body. */
  readonly needsParameters: boolean
  /** Whether its handler is a generator, which a client may call with GET to get a stream. */
  readonly isStream: boolean
}

/** The schemas of an endpoint: those of its types, or those of plain documents. `limits` are those of the gateway. */
export function endpointSchemas(
  { streamEndpoints }: Pick<Description, 'streamEndpoints'>,
  endpoint: string,
  { types, limits }: { readonly types: TypedSchemas; readonly limits: RequestLimits },
): EndpointSchemas {
  const isStream = streamEndpoints.includes(endpoint)
  const parts = types.parts.get(endpoint)
  const { needsParameters = false } = parts ?? {}
  const request = parts === undefined ? ref('Request') : requestSchema(parts, limits)
  const answer = parts === undefined ? ref('Answer') : answerSchema(parts.output)
  return { request, answer, needsParameters, isStream }
}

/** The bodies of endpoints that take and return plain documents. */
export function plainSchemas(limits: RequestLimits): Readonly<Record<string, Schema>> {
  const plain = { input: ref('Document'), output: ref('Document'), parameters: ref('Parameters') }
  return { Request: requestSchema(plain, limits), Answer: answerSchema(plain.output) }
}

/** The JSON body of a request to an endpoint (`requestFromJson` reads it). */
function requestSchema(
  { input, parameters, needsParameters = false, isTyped = false }: Parts,
  { documents }: RequestLimits,
): Schema {
  const documentList = list(input, { maxItems: documents })
  return object(
    {
      data: {
        description: 'A list of documents, `{ "docs": [...] }`, one document, or null.',
        anyOf: [
          documentList,
          object({ docs: documentList }, { required: ['docs'] }),
          { allOf: [input], properties: { docs: { type: 'null' } } },
          { type: 'null' },
        ],
      },
      parameters: needsParameters ? parameters : { anyOf: [parameters, { type: 'null' }] },
      targetExecutor: { anyOf: [ref('TargetExecutor'), { type: 'null' }] },
      header: { type: ['object', 'null'], properties: { requestId: nullable(text) } },
    },
    {
      ...(needsParameters && { required: ['parameters'] }),
      ...(!isTyped && { examples: [{ data: [{ text: 'hello' }], parameters: {} }] }),
    },
  )
}

/** The JSON body of an answer of an endpoint (`answerText` writes it). */
export function answerSchema(output: Schema): Schema {
  return object(
    {
      header: ref('AnswerHeader'),
      parameters: { type: 'object' },
      routes: list(ref('Route')),
      data: list(output),
    },
    { required: ['header', 'parameters', 'routes', 'data'] },
  )
}
