import type { Description } from '../call/call.js'
import type { DocClass } from '../document/typed/index.js'
import { modelOf, type Side, valueSchema } from '../document/typed/json-schema.js'
import { placesSchema } from '../document/typed/places-schema.js'
import type { Executor } from '../executor/executor.js'
import type { Endpoint } from '../executor/endpoint.js'
import { placesKey } from '../wire/endpoint-schema.js'
import { defaultEndpoint, dryRunEndpoint } from '../executor/endpoints.js'

/** The answer of endpoint discovery for these endpoints (jina.md 4.4): the dry run, `/default` when bound, the others. */
export function describeExecutor(
  endpoints: ReadonlyMap<string, Endpoint>,
  { metas, ranking }: Pick<Executor, 'metas' | 'ranking'>,
): Description {
  const own = [...endpoints.values()]
  const paths = own.map(({ path }) => path).filter((path) => path !== defaultEndpoint)
  if (endpoints.has(defaultEndpoint)) paths.unshift(defaultEndpoint)
  const schemas = [dryRunEndpoint, ...paths].map((path) => [path, schemaOf(path, endpoints.get(path))])
  return {
    endpoints: [dryRunEndpoint, ...paths],
    writeEndpoints: own.filter(({ write }) => write).map(({ path }) => path),
    streamEndpoints: own.filter(({ isGenerator }) => isGenerator).map(({ path }) => path),
    schemas: Object.fromEntries(schemas),
    ...(ranking !== undefined && { ranking }),
    executor: metas.name,
  }
}

/** Jina's schema of an endpoint: those of plain documents where it is not typed. */
function schemaOf(path: string, endpoint: Endpoint | undefined): object {
  const { input, output, parameters } = endpoint?.types ?? {}
  return {
    input: input === undefined ? pydanticDocument : named(path, input, 'input'),
    output: output === undefined ? pydanticDocument : named(path, output, 'output'),
    is_generator: endpoint?.isGenerator ?? false,
    is_singleton_doc: false,
    parameters:
      parameters === undefined
        ? {}
        : { name: modelName(path, 'parameters'), model: valueSchema(parameters, 'input') },
  }
}

function named(path: string, Class: DocClass, side: Side): object {
  const model = modelOf(Class, side)
  const { title } = model
  const name = title === 'Document' ? modelName(path, side) : title
  return { name, model, [placesKey]: placesSchema(Class, side) }
}

/** `/v1/encode` → `v1_encode_input_model`, as Jina names models of HTTP (jina.md 4.7). */
function modelName(path: string, side: Side | 'parameters'): string {
  const name = path.replaceAll(/\W+/g, '_').replaceAll(/^_|_$/g, '')
  return `${name}_${side}_model`
}

/** Peers tell DocArray v1 from v2 by the name (jina.md 4.1); the fields are those of v1's JSON. */
const pydanticDocument = {
  name: 'PydanticDocument',
  model: {
    title: 'PydanticDocument',
    type: 'object',
    properties: {
      id: { type: 'string' },
      parent_id: { type: 'string' },
      granularity: { type: 'integer' },
      adjacency: { type: 'integer' },
      blob: { type: 'string', format: 'binary' },
      tensor: { title: 'Tensor' },
      mime_type: { type: 'string' },
      text: { type: 'string' },
      weight: { type: 'number' },
      uri: { type: 'string' },
      tags: { type: 'object' },
      offset: { type: 'number' },
      location: { type: 'array', items: { type: 'number' } },
      embedding: { title: 'Embedding' },
      modality: { type: 'string' },
      evaluations: { type: 'object' },
      scores: { type: 'object' },
      chunks: { type: 'array', items: { type: 'object' } },
      matches: { type: 'array', items: { type: 'object' } },
    },
  },
}
