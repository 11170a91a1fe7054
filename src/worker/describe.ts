import type { Description } from '../call/call.js'
import type { Executor } from '../executor/executor.js'
import type { Endpoint } from '../executor/endpoint.js'
import { defaultEndpoint, dryRunEndpoint } from '../executor/endpoints.js'

/** The answer of endpoint discovery for these endpoints (jina.md 4.4): the dry run, `/default` when bound, the others. */
export function describeExecutor(
  endpoints: ReadonlyMap<string, Endpoint>,
  { metas, ranking }: Pick<Executor, 'metas' | 'ranking'>,
): Description {
  const own = [...endpoints.values()]
  const paths = own.map(({ path }) => path).filter((path) => path !== defaultEndpoint)
  if (endpoints.has(defaultEndpoint)) paths.unshift(defaultEndpoint)
  const schemas = [dryRunEndpoint, ...paths].map((path) => [
    path,
    schemaOf(endpoints.get(path)?.isGenerator ?? false),
  ])
  return {
    endpoints: [dryRunEndpoint, ...paths],
    writeEndpoints: own.filter(({ write }) => write).map(({ path }) => path),
    streamEndpoints: own.filter(({ isGenerator }) => isGenerator).map(({ path }) => path),
    schemas: Object.fromEntries(schemas),
    ...(ranking !== undefined && { ranking }),
    executor: metas.name,
  }
}

function schemaOf(isGenerator: boolean): object {
  return {
    input: pydanticDocument,
    output: pydanticDocument,
    is_generator: isGenerator,
    is_singleton_doc: false,
    parameters: {},
  }
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
