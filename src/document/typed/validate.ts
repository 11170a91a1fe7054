import { MillraceError } from '../../errors.js'
import { type Place, within } from '../json-place.js'
import type { StandardSchema } from './standard-schema.js'

/**
 * The value as the schema gives it: with defaults, transformed. Throws INVALID_INPUT at the place of the first issue, with its
 * message and what came; UNSUPPORTED for a schema that validates asynchronously.
 */
export function validate(schema: StandardSchema, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  if ('then' in result) {
    result.then(undefined, () => {}) // its rejection has no other listener
    throw new MillraceError(
      'UNSUPPORTED',
      `A schema of ${schema['~standard'].vendor} validates asynchronously; documents and parameters need schemas that validate at once.`,
    )
  }
  if (result.issues === undefined) return result.value
  const [issue] = result.issues
  const path = (issue?.path ?? []).map(step)
  const error = mismatch(issue?.message ?? 'the schema refuses it', valueAt(value, path))
  throw path.length === 0 ? error : within(error, ...path)
}

/** INVALID_INPUT for a value that is not what was expected. */
export function mismatch(expected: string, came: unknown): MillraceError {
  return new MillraceError('INVALID_INPUT', `${expected}; got ${shown(came)}`)
}

function step(given: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof given === 'object' ? given.key : given
  return typeof key === 'number' ? key : String(key)
}

function valueAt(value: unknown, path: Place): unknown {
  let inner = value
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined
    inner = (inner as Record<string | number, unknown>)[key]
  }
  return inner
}

/** A value in an error: short, and never the content of an object. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'object') {
    if (Array.isArray(value)) return `a list of ${value.length}`
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== 'Object' ? `a ${name}` : 'an object'
  }
  switch (typeof value) {
    case 'function':
      return 'a function'
    case 'bigint':
      return `${value}n`
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return `a ${typeof value}`
  }
}
