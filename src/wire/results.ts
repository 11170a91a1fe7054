type Parameters = Record<string, unknown>

/** Key under which an Executor that returns a plain object finds it again in the response's parameters. */
export const resultsKey = '__results__'

/** The results an answer carries, by pod; undefined when there are none. */
export function resultsOf(parameters: Parameters): Parameters | undefined {
  const results = parameters[resultsKey]
  if (typeof results !== 'object' || results === null || Array.isArray(results)) return undefined
  for (const _ in results) return results as Parameters
  return undefined
}

/** The parameters of the response: those of the request, and all results under `__results__`. */
export function withResults(parameters: Parameters, results: readonly Parameters[]): Parameters {
  const merged = Object.fromEntries(results.flatMap((one) => Object.entries(one)))
  return { ...parameters, [resultsKey]: merged }
}
