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
  let value = fieldValue(document, number)
  for (const key of rest) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function fieldValue(document: Document, number: number): unknown {
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
