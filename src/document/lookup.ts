import { MillraceError } from '../errors.js'
import type { Document } from './document.js'
import { field } from './fields.js'
import { record } from './record.js'

const names = new Map<string, number>()
for (const [name, number] of Object.entries(field)) {
  names.set(name, number)
  names.set(
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    number,
  )
}

/**
 * The value at a path such as `tags__price` or `scores__cosine__value`; undefined where there is none. Fields go by their name
 * here or on the wire (`mimeType`, `mime_type`). Throws INVALID_INPUT for a field that Documents do not have.
 */
export function valueAt(document: Document, path: string): unknown {
  const [name, ...rest] = path.split('__')
  const number = names.get(name!)
  if (number === undefined) {
    throw new MillraceError(
      'INVALID_INPUT',
      `A Document has no field '${name}'; free properties are in tags__${name}.`,
    )
  }
  return reach(fieldValue(document, number), rest)
}

/** The number of the field of Documents with this name, here or on the wire; undefined where there is none. */
export function fieldNumber(name: string): number | undefined {
  return names.get(name)
}

/** The value that keys lead to; undefined where there is none. */
export function reach(from: unknown, keys: readonly string[]): unknown {
  let value = from
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** The value of a field, else its default. */
export function fieldValue(document: Document, number: number): unknown {
  const own = document[record]
  if (number === field.chunks) return own.isEmpty(number) ? [] : document.chunks
  if (number === field.matches) return own.isEmpty(number) ? [] : document.matches
  return own.get(number) ?? defaults.get(number)
}

/** The default that a getter of Document returns for a missing field, if it has one. */
const defaults = new Map<number, unknown>([
  [field.text, ''],
  [field.parentId, ''],
  [field.uri, ''],
  [field.mimeType, ''],
  [field.modality, ''],
  [field.granularity, 0],
  [field.adjacency, 0],
])
