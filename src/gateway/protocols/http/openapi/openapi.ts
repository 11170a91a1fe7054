import type { Description } from '../../../../call/call.js'
import { typesKey } from '../../../../wire/endpoint-schema.js'
import type { ApiFacts } from './api-facts.js'
import { documentSchemas } from './document-schemas.js'
import { endpointSchemas, type EndpointSchemas, plainSchemas } from './endpoint-schemas.js'
import { messageSchemas } from './message-schemas.js'
import { parameters, parametersOfV2 } from './parameters.js'
import { pathsOf } from './paths.js'
import { failureResponses } from './responses.js'
import { typedSchemas } from './typed-schemas.js'
import { v2Schemas } from './v2-schemas.js'

/**
 * The OpenAPI 3.1 document of a gateway's HTTP routes (https://spec.openapis.org/oas/v3.1.1), as plain data. It has no
 * `servers`: paths are relative to where it was loaded from. With `isV2` requests have the header `docarray: v2`, and models have the
 * fields of documents by their names.
 */
export function openApi(
  facts: ApiFacts,
  description: Description,
  { isV2 }: { readonly isV2: boolean },
): Readonly<Record<string, unknown>> {
  const { name, version, http, limits, open } = facts
  const hasTokens = open !== null
  const shared = messageSchemas(limits)
  const plain = { ...plainSchemas(limits), ...documentSchemas }
  const taken = Object.keys({ ...plain, ...shared })
  const types = typedSchemas(description, taken)
  const v2 = isV2 ? v2Schemas(description, { taken, limits }) : undefined
  const schemasOf =
    v2?.schemasOf ??
    ((endpoint: string): EndpointSchemas => endpointSchemas(description, endpoint, { types, limits }))
  return {
    openapi: '3.1.1',
    info: {
      title: http.title ?? name,
      version,
      description: http.description ?? 'A Flow of Millrace.',
    },
    ...(hasTokens && { security: [{ token: [] }] }),
    paths: pathsOf(facts, description, { schemasOf, isV2 }),
    components: {
      schemas:
        v2 === undefined ? { ...plain, ...shared, ...types.components } : { ...shared, ...v2.components },
      responses: failureResponses(hasTokens),
      parameters: isV2 ? parametersOfV2 : parameters,
      ...(hasTokens && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
    [typesKey]: types.models,
    tags: [
      { name: 'endpoints', description: 'What the Executors serve.' },
      { name: 'requests', description: 'Requests as Jina’s clients send them.' },
      { name: 'health', description: 'For probes, load balancers and people.' },
    ],
  }
}
