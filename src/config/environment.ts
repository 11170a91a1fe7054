import { isMapping } from '../lib/mapping.js'
import type { Positions } from '../yaml/position.js'

/**
 * `env` as texts, as Jina makes them of what YAML has read: Python's `str`, so that `true` is `True`, an empty value
 * is `None`, and `1.0` keeps its point. What is no scalar stays as it is, and is refused later.
 */
export function environmentOf(env: unknown, positions: Positions): unknown {
  if (!isMapping(env)) return env
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, asText(value, positions.of(env, name).written)]),
  )
}

function asText(value: unknown, written: string | undefined): unknown {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'number') return value
  const isFloat = written !== undefined && /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(written) && /[.e]/i.test(written)
  return isFloat && Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value)
}
