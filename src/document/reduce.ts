import type { Document } from './document.js'
import type { DocumentArray } from './document-array.js'
import { field } from './fields.js'
import { record } from './record.js'

const contents: number[] = [field.text, field.tensor, field.blob]
const others: number[] = [field.id, field.parentId, field.chunks, field.matches]
const merged = Object.values(field).filter((number) => ![...contents, ...others].includes(number))

/**
 * Merges `right` into `left` by DocArray v1's rules: values of the left Document stay, empty ones are taken from the right
 * one; Documents with a new id are appended. Chunks and matches are merged by the same rules, neither sorted nor truncated. A
 * Document takes text, tensor or blob only when it has none of them, because it holds only one.
 */
export function reduceInto(left: DocumentArray, right: Iterable<Document>): void {
  const known = new Map<string, Document>()
  for (const document of left) known.set(document.id, document)
  for (const document of right) {
    const own = known.get(document.id)
    if (own === document) continue
    if (own !== undefined) mergeInto(own, document)
    else {
      known.set(document.id, document)
      left.push(document)
    }
  }
}

function mergeInto(left: Document, right: Document): void {
  const own = left[record]
  const other = right[record]
  if (contents.every((number) => own.isEmpty(number)) && contents.some((number) => !other.isEmpty(number))) {
    left.content = right.content
  }
  for (const number of merged) {
    if (own.isEmpty(number) && !other.isEmpty(number)) own.set(number, other.get(number))
  }
  if (!other.isEmpty(field.chunks)) reduceInto(left.chunks, right.chunks)
  if (!other.isEmpty(field.matches)) reduceInto(left.matches, right.matches)
}
