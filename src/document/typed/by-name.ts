import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { isTypedArray } from '../dtype.js'
import { field } from '../fields.js'
import { fieldNumber, fieldValue, reach } from '../lookup.js'
import { NdArray } from '../nd-array.js'
import type { Scores } from '../score.js'
import { record } from '../record.js'
import { setOwn } from '../struct.js'
import { heldField, type PartKind, partPlace } from './place.js'
import { isTyped, documentOf } from './typed-document.js'

// Clients know the classes of documents only as types. So they put each field where a check of any schema finds it, and read
// fields wherever a schema may have put them.

type FieldsByName = Readonly<Record<string, unknown>>

/**
 * A Document from the fields of a typed one, by their names. Tensors, and bytes as Uint8Array, travel as such; all other
 * values, documents among them, in `tags`, unless they hold tensors or bytes.
 */
export function documentByName(fields: FieldsByName): Document {
  if (isTyped(fields)) return documentOf(fields)
  if (fields instanceof Document) return fields
  const { id, scores, ...values } = fields
  const document = new Document(id === undefined ? {} : { id: id as string })
  if (scores !== undefined) document.scores = scores as Scores
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  // a Document has one of these
  const isMixed = entries.filter(([name, value]) => isContent(name, value)).length > 1
  for (const [name, value] of entries) put(document, { name, value, isMixed })
  return document
}

interface Given {
  readonly name: string
  readonly value: unknown
  readonly isMixed: boolean
}

function put(document: Document, { name, value, isMixed }: Given): void {
  if (typeof value === 'string') {
    if (name === 'uri' || name === 'mimeType' || (name === 'text' && !isMixed)) document[name] = value
    else setOwn(document.tags, name, value)
  } else if (value instanceof Uint8Array) {
    if (name === 'blob' && !isMixed) document.blob = value
    else partPlace(name, 'blob').write(document, value)
  } else if (isTensor(value)) {
    if (name === 'embedding' || (name === 'tensor' && !isMixed)) document[name] = value
    else partPlace(name, 'tensor').write(document, value)
  } else if (name === 'chunks' || !holdsBinary(value)) {
    // chunks may be the elements of the list, or hold fields, as the schema says
    setOwn(document.tags, name, value)
  } else if (!Array.isArray(value)) {
    partPlace(name, 'document').write(document, documentByName(value as FieldsByName))
  } else {
    const documents = new DocumentArray(value.map((item) => documentByName(item as FieldsByName)))
    if (name === 'matches') document.matches = documents
    else partPlace(name, 'list').write(document, documents)
  }
}

function isContent(name: string, value: unknown): boolean {
  if (name === 'text') return typeof value === 'string'
  return name === 'blob' ? value instanceof Uint8Array : name === 'tensor' && isTensor(value)
}

function isTensor(value: unknown): value is NdArray {
  return value instanceof NdArray || isTypedArray(value)
}

/** Whether a document or a list of documents has what JSON cannot hold. */
function holdsBinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isTensor(value) || isTyped(value) || value instanceof Document) return true
  return Object.values(value).some(holdsBinary)
}

/** Missing lists of documents are empty ones. */
class Fields {
  readonly id: string
  readonly [field: string]: unknown
  constructor(id: string) {
    this.id = id
  }
  get matches(): readonly unknown[] {
    return []
  }
  get chunks(): readonly unknown[] {
    return []
  }
}

const ownFields = ['text', 'uri', 'mimeType', 'blob', 'tensor', 'embedding'] as const

/** The fields of a typed document by their names, as `Infer` has them: documents in it are plain objects too, lists arrays. */
export function fieldsByName(document: Document): Fields {
  const own = document[record]
  const fields = new Fields(document.id)
  const set = (name: string, value: unknown): void => {
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true })
  }
  if (!own.isEmpty(field.scores)) set('scores', document.scores)
  for (const [name, value] of Object.entries((own.get(field.tags) ?? {}) as FieldsByName)) set(name, value)
  for (const name of ownFields) {
    const value = own.get(field[name])
    if (value !== undefined) set(name, value)
  }
  if (!own.isEmpty(field.matches)) set('matches', document.matches.map(fieldsByName))
  if (own.isEmpty(field.chunks)) return fields
  const held = document.chunks.map((chunk) => ({ chunk, part: heldField(chunk) }))
  if (held.every(({ part }) => part === undefined)) set('chunks', document.chunks.map(fieldsByName))
  for (const { chunk, part } of held) if (part !== undefined) set(part.name, partValue(chunk, part.kind))
  return fields
}

/**
 * The value at a path such as `title` or `author__name`, wherever a Document has the field: as its own, in `tags`, or in a chunk that
 * holds it. Undefined where there is none.
 */
export function fieldAt(document: Document, path: string): unknown {
  const [name, ...keys] = path.split('__')
  const number = fieldNumber(name!)
  if (number !== undefined && !document[record].isEmpty(number))
    return reach(fieldValue(document, number), keys)
  const tags = document[record].get(field.tags) as FieldsByName | undefined
  if (tags !== undefined && Object.hasOwn(tags, name!)) return reach(tags[name!], keys)
  if (!document[record].isEmpty(field.chunks)) {
    for (const chunk of document.chunks) {
      const held = heldField(chunk)
      if (held?.name === name) return reach(partValue(chunk, held!.kind), keys)
    }
  }
  return number === undefined ? undefined : reach(fieldValue(document, number), keys)
}

function partValue(chunk: Document, kind: PartKind): unknown {
  switch (kind) {
    case 'tensor':
      return chunk.tensor
    case 'blob':
      return chunk.blob
    case 'list':
      return chunk.chunks.map(fieldsByName)
    case 'document':
      return fieldsByName(chunk)
  }
}
