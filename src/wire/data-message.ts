import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import { prefix } from '../lib/protobuf/writer.js'
import { docsTag } from './lists/list.js'
import { maxFields, tooManyFields } from './max-fields.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'

/** The data message: oneof { docs = 1, docs_bytes = 2 }, where the last one wins. */
export function splitData(payload: Uint8Array): {
  docs: Uint8Array | undefined
  pickle: boolean
  unknown: Uint8Array | undefined
} {
  const reader = new Reader(payload)
  let docs: FieldBytes
  let pickle = false
  let unknown: FieldBytes
  for (let fields = 1; !reader.done; fields++) {
    if (fields > maxFields) throw tooManyFields('the data')
    const start = reader.position
    const tag = reader.tag()
    if (tag === 10) {
      docs = addOccurrence(docs, reader.bytes())
      pickle = false
    } else if (tag === 18) {
      reader.skip(tag)
      docs = undefined
      pickle = true
    } else {
      reader.skip(tag)
      unknown = addOccurrence(unknown, payload.subarray(start, reader.position))
    }
  }
  return { docs: bytesOfField(docs), pickle, unknown: bytesOfField(unknown) }
}

export function pickled(): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    'The documents are a Python pickle (docs_bytes), which only Python can read: the sender must put them into docs.',
  )
}

/** The data message with one document, in pieces; the document is not copied. */
export function dataOfDocument(document: Uint8Array): Uint8Array[] {
  const inner = prefix(docsTag, document.length)
  return [prefix(docsTag, inner.length + document.length), inner, document]
}
