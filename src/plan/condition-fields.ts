import { Document } from '../document/index.js'
import { valueAt } from '../document/lookup.js'
import type { Schema } from '../document/typed/compiled.js'
import { schemaOf } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import { endpointsOf } from '../executor/endpoints.js'
import { nearest } from '../lib/nearest.js'
import type { Uses } from './executor-settings.js'

/**
 * The fields that a condition on documents of a stage may name: those of `schemas`, which its endpoints take; those of a Document; or
 * any, where its class is not known here.
 */
export type ConditionFields =
  | { readonly kind: 'typed'; readonly schemas: readonly [Schema, ...Schema[]] }
  | { readonly kind: 'document' }
  | { readonly kind: 'any' }

interface Stage {
  readonly uses: Uses | null
  readonly usesRequests: Readonly<Record<string, string>>
  readonly image: string | null
  readonly external: boolean
}

/** An endpoint without types takes any Document; so does a stage that has one. Throws as `endpointsOf`. */
export function conditionFields({ uses, usesRequests, image, external }: Stage): ConditionFields {
  if (external || image !== null) return { kind: 'any' }
  if (uses === null) return { kind: 'document' }
  if (typeof uses !== 'function') return { kind: 'any' }
  const inputs = Array.from(endpointsOf(uses, usesRequests).values(), ({ types }) => types?.input)
  const [first, ...others] = new Set(
    inputs.map((input) => (input === undefined ? undefined : schemaOf(input))),
  )
  if (first === undefined) return { kind: 'document' }
  const schemas = others.filter((schema) => schema !== undefined)
  return schemas.length < others.length
    ? { kind: 'document' }
    : { kind: 'typed', schemas: [first, ...schemas] }
}

/** Throws INVALID_INPUT for a path that no document can have. */
export function fieldCheck(fields: ConditionFields): (path: string) => void {
  switch (fields.kind) {
    case 'any':
      return () => {}
    case 'document':
      return (path) => void valueAt(new Document(), path)
    case 'typed':
      return (path) => checkPath(fields.schemas, path.split('__'))
  }
}

/** What every document has: `tags` also has what the schema does not know. */
const common: readonly string[] = ['id', 'scores', 'tags']

function checkPath(schemas: readonly Schema[], [name, ...rest]: readonly string[]): void {
  if (name === undefined || common.includes(name)) return
  const found = schemas.flatMap(({ fields }) => fields.filter((field) => field.name === name))
  if (found.length === 0) throw unknown(schemas, name)
  // of documents the fields are known; of values, and of lists, nothing is
  const inner = found.flatMap(({ kind, of }) => (kind === 'document' && of !== undefined ? [of] : []))
  if (inner.length === found.length) checkPath(inner, rest)
}

function unknown(schemas: readonly Schema[], name: string): MillraceError {
  const names = [...new Set(schemas.flatMap(({ fields }) => fields.map((field) => field.name)))]
  const near = nearest(name, [...names, ...common])
  const classes = [...new Set(schemas.map((schema) => schema.name))].join(' and ')
  const hint = near === undefined ? `there are id, ${names.join(', ')}` : `did you mean '${near}'?`
  return new MillraceError('INVALID_INPUT', `there is no field '${name}' in ${classes}; ${hint}`)
}
