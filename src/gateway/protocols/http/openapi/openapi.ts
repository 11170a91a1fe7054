import type { Description } from '../../../../call/call.js'
import { typesKey } from '../../../../wire/endpoint-schema.js'
import type { ApiFacts } from './api-facts.js'
import { documentSchemas } from './document-schemas.js'
import { plainSchemas } from './endpoint-schemas.js'
import { messageSchemas } from './message-schemas.js'
import { parameters } from './parameters.js'
import { pathsOf } from './paths.js'
import { failureResponses } from './responses.js'
import { typedSchemas } from './typed-schemas.js'

/**
 * The OpenAPI 3.1 document of a gateway's HTTP routes (https://spec.openapis.org/oas/v3.1.1), as plain data. It has no
 * `servers`: paths are relative to where it was loaded from.
 */
export function openApi(facts: ApiFacts, description: Description): Readonly<Record<string, unknown>> {
  const { name, version, http, limits, open } = facts
  const hasTokens = open !== null
  const common = { ...plainSchemas(limits), ...documentSchemas, ...messageSchemas(limits) }
  const types = typedSchemas(description, Object.keys(common))
  return {
    openapi: '3.1.1',
    info: {
      title: http.title ?? name,
      version,
      description: http.description ?? 'A Flow of Millrace.',
    },
    ...(hasTokens && { security: [{ token: [] }] }),
    paths: pathsOf(facts, description, types),
    components: {
      schemas: { ...common, ...types.components },
      responses: failureResponses(hasTokens),
      parameters,
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
