import type { Description } from '../call/call.js'

/**
 * What stages serve together, given in the order in which a request visits them: of an endpoint that several have, the schema
 * of the first one, and the ranking of the last one that ranks.
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
    schemas: Object.fromEntries(descriptions.toReversed().flatMap(({ schemas }) => Object.entries(schemas))),
    ...(ranking !== undefined && { ranking }),
  }
}
