import type { Document } from './document.js'
import { contentFields, field } from './fields.js'
import { record } from './record.js'

/** Replaces the fields of a Document with those that another one has; the id stays. */
export function replaceFields(document: Document, given: Document): void {
  const own = document[record]
  const other = given[record]
  for (const number of Object.values(field)) {
    if (number === field.id || other.isEmpty(number)) continue
    if (number === field.chunks) document.chunks = given.chunks
    else if (number === field.matches) document.matches = given.matches
    else if (((1 << number) & contentFields) !== 0) own.setContent(number, other.get(number))
    else own.set(number, other.get(number))
  }
}
