import { MillraceError } from '../errors.js'
import type { Response } from './response.js'
import { isMapping } from '../lib/mapping.js'

type Results = Record<string, unknown>

/**
 * Combines the results (`parameters.__results__`) of all pods in all responses: numbers are added, lists concatenated,
 * objects combined in the same way; of other values the last one wins. Failed responses are skipped.
 *
 * Throws INVALID_OPTION when several stages have results and `stage` is not given.
 *
 * @example
 * const responses = await flow.post('/count', undefined, { returnResponses: true })
 * sumResults(responses) // { count: 300 }
 */
export function sumResults(responses: Response | Iterable<Response>, stage?: string): Results {
  const sum: Results = {}
  const stages = new Set<string>()
  for (const { status, parameters } of Symbol.iterator in responses ? responses : [responses]) {
    if (status.code === 'ERROR') continue
    const byPod = parameters.__results__
    for (const [pod, results] of Object.entries(isMapping(byPod) ? byPod : {})) {
      const of = pod.split('/')[0]!
      if ((stage !== undefined && of !== stage) || !isMapping(results)) continue
      stages.add(of)
      add(sum, results)
    }
  }
  if (stages.size < 2) return sum
  throw new MillraceError(
    'INVALID_OPTION',
    `sumResults: the stages ${[...stages].join(', ')} have results; name one: sumResults(responses, '${[...stages][0]}').`,
  )
}

function add(sum: Results, results: Results): void {
  for (const [key, value] of Object.entries(results)) {
    const before = Object.hasOwn(sum, key) ? sum[key] : undefined
    // defineProperty, so that the key `__proto__` stays an ordinary key
    Object.defineProperty(sum, key, { ...own, value: together(before, value) })
  }
}

const own = { writable: true, enumerable: true, configurable: true }

function together(before: unknown, value: unknown): unknown {
  if (typeof before === 'number' && typeof value === 'number') return before + value
  if (Array.isArray(before) && Array.isArray(value))
    return [...(before as unknown[]), ...(value as unknown[])]
  if (!isMapping(value)) return value
  const sum: Results = {}
  if (isMapping(before)) add(sum, before)
  add(sum, value)
  return sum
}
