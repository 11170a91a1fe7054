import { MillraceError } from '../errors.js'
import { isWellFormed } from '../lib/protobuf/text.js'

/** The encoder refuses deeper objects. */
const maxDepth = 64

/**
 * Adds the key `__results__`, which Jina always sends: handlers that return a plain object write their result below it.
 * Throws INVALID_INPUT as `requireWellFormed` does.
 */
export function sentParameters(given: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  requireWellFormed(given)
  const results = given.__results__
  const usable = typeof results === 'object' && results !== null && !Array.isArray(results)
  return { ...given, __results__: usable ? results : {} }
}

/**
 * Throws INVALID_INPUT, naming the path, for a string with a lone surrogate. UTF-8 cannot encode it, so an id would arrive
 * as another id (and a delete would remove another document).
 */
export function requireWellFormed(value: unknown, path = 'parameters', depth = 0): void {
  if (typeof value === 'string') {
    if (isWellFormed(value)) return
    const shown = JSON.stringify(value.slice(0, 100))
    throw new MillraceError('INVALID_INPUT', `${path} is ${shown}; expected a text without lone surrogates.`)
  }
  if (typeof value !== 'object' || value === null || depth > maxDepth) return
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) requireWellFormed(value[at], `${path}[${at}]`, depth + 1)
    return
  }
  for (const [key, member] of Object.entries(value)) {
    requireWellFormed(key, `A key of ${path}`, depth + 1)
    requireWellFormed(member, `${path}.${key}`, depth + 1)
  }
}
