import type { Description } from '../call/call.js'

/**
 * Merges the descriptions of stages, given in the order in which a request visits them. An endpoint of several stages gets
 * the input and the parameters of the first one and the output of the last; the ranking is that of the last stage that has one.
 */
export function mergeDescriptions(descriptions: readonly Description[]): Description {
  const merge = (list: (description: Description) => readonly string[]): readonly string[] => [
    ...new Set(descriptions.flatMap(list)),
  ]
  const ranking = descriptions.findLast((description) => description.ranking !== undefined)?.ranking
  return {
    endpoints: merge(({ endpoints }) => endpoints),
    writeEndpoints: merge(({ writeEndpoints }) => writeEndpoints),
    streamEndpoints: merge(({ streamEndpoints }) => streamEndpoints),
    schemas: mergeSchemas(descriptions.map(({ schemas }) => schemas)),
    ...(ranking !== undefined && { ranking }),
  }
}

function mergeSchemas(all: readonly Description['schemas'][]): Description['schemas'] {
  const merged = new Map<string, unknown>()
  for (const [endpoint, schema] of all.flatMap((schemas) => Object.entries(schemas))) {
    const first = merged.get(endpoint)
    merged.set(endpoint, isObject(first) && isObject(schema) ? joined(first, schema) : (first ?? schema))
  }
  return Object.fromEntries(merged)
}

type Schema = Readonly<Record<string, unknown>>

function joined(first: Schema, last: Schema): Schema {
  return { ...first, ...('output' in last && { output: last.output }) }
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}
