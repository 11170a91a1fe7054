import type { Description } from '../../../../call/call.js'
import { rebased } from '../../../../document/typed/json-pointer.js'
import { isMapping } from '../../../../lib/mapping.js'
import { isModel } from '../../../../wire/endpoint-schema.js'
import type { RequestLimits } from '../../../../wire/request-limits.js'
import { dryRunEndpoint } from '../../../readiness.js'
import { Components } from './components.js'
import { answerSchema, type EndpointSchemas } from './endpoint-schemas.js'
import { list, nullable, object, ref, type Schema, text } from './schema.js'
import { isNonEmptyList } from './typed-schemas.js'
import { withBytesAsNumbers, withFieldNames, withNaN, withNulls } from './v2-models.js'

interface V2Schemas {
  readonly components: Readonly<Record<string, Schema>>
  schemasOf(endpoint: string): EndpointSchemas
}

/**
 * The bodies of requests and answers with documents of DocArray v2, under the names that they have in Jina (jina.md 4.7):
 * `encode_input_model` and `encode_output_model`, with the models that endpoint discovery has, also those of Executors of Jina.
 */
export function v2Schemas(
  { endpoints, schemas, streamEndpoints }: Description,
  { taken, limits }: { readonly taken: Iterable<string>; readonly limits: RequestLimits },
): V2Schemas {
  const components = new Components(taken)
  const bodies = new Map<string, EndpointSchemas>()
  for (const endpoint of endpoints) {
    if (endpoint === dryRunEndpoint) continue
    const schema = schemas[endpoint]
    const part = (name: string): unknown => (isMapping(schema) ? schema[name] : undefined)
    const document = (side: 'input' | 'output'): Schema => {
      const found = part(side)
      const isTyped = isModel(found) && found.name !== documentOfV1
      const { name, model } = isTyped ? found : anyDocument
      const own = withNaN(withNulls(side === 'input' ? withFieldNames(withBytesAsNumbers(model)) : model))
      return components.add({ name, side }, (at) => rebased(own, at))
    }
    const named = (body: Schema, side: 'input' | 'output'): Schema =>
      components.add({ name: `${nameOf(endpoint)}_${side}_model`, side }, () => body)
    const parameters = parametersOf(part('parameters'), components)
    bodies.set(endpoint, {
      request: named(requestBody(document('input'), parameters, limits), 'input'),
      answer: named(answerSchema(document('output')), 'output'),
      needsParameters: parameters.areNeeded,
      isStream: streamEndpoints.includes(endpoint),
    })
  }
  return { components: components.all, schemasOf: (endpoint) => bodies.get(endpoint)! }
}

/** The name of the model by which Jina's peers know documents of v1 (`documentSchema`). */
const documentOfV1 = 'PydanticDocument'

const anyDocument = {
  name: 'AnyDocument',
  model: object({ id: nullable(text) }, { description: 'A document: each field by its name.' }),
}

/** `/encode` is `encode`, as in Jina; other letters than names of components have become `_`. */
function nameOf(endpoint: string): string {
  return endpoint.replaceAll(/^\/+|\/+$/g, '') || 'root'
}

interface GivenParameters {
  readonly schema: Schema
  readonly areNeeded: boolean
}

function parametersOf(given: unknown, components: Components): GivenParameters {
  if (!isModel(given)) return { schema: ref('Parameters'), areNeeded: false }
  const { name, model } = given
  const schema = components.add({ name, side: 'parameters' }, (at) => rebased(model, at))
  return { schema, areNeeded: isNonEmptyList(model['required']) }
}

function requestBody(input: Schema, { schema, areNeeded }: GivenParameters, limits: RequestLimits): Schema {
  return object(
    {
      data: {
        description: 'A list of documents, one document, or null.',
        anyOf: [list(input, { maxItems: limits.documents }), input, { type: 'null' }],
      },
      parameters: areNeeded ? schema : { anyOf: [schema, { type: 'null' }] },
      header: {
        type: ['object', 'null'],
        properties: {
          requestId: nullable(text),
          targetExecutor: { anyOf: [ref('TargetExecutor'), { type: 'null' }] },
        },
      },
    },
    areNeeded ? { required: ['parameters'] } : {},
  )
}
