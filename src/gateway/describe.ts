import type { Description } from '../call/call.js'

/**
 * Merges the descriptions of stages, given in the order in which a request visits them. An endpoint of several stages gets
 * the schema of the first one; the ranking is that of the last stage that has one.
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
