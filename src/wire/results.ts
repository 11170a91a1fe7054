import { withObject } from './struct-entry.js'
import { objectIn } from './struct-reader.js'

/** Key in the response's parameters that holds the plain objects which Executors returned. */
export const resultsKey = '__results__'

/** The results in the parameters of an answer, a Struct for each pod; undefined when there are none. Throws MALFORMED. */
export function resultsIn(parameters: Uint8Array): Uint8Array | undefined {
  const results = objectIn(parameters, resultsKey)
  return results === undefined || results.length === 0 ? undefined : results
}

/** Parameters with all results under `__results__`. Throws MALFORMED. */
export function withResults(parameters: Uint8Array | undefined, results: readonly Uint8Array[]): Uint8Array {
  return withObject(parameters, resultsKey, results)
}
