import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { field } from '../fields.js'
import { jsonKeys } from '../json.js'
import { record } from '../record.js'
import { setOwn } from '../struct.js'
import { toTensor, type TensorLike } from '../tensor.js'

/**
 * Where the value of a typed field is in a Document of DocArray v1.
 *
 * 1. `peek` does not mark anything as changed; undefined is a missing value.
 * 2. `hand` returns the same value to a caller that may change it.
 * 3. `write` replaces it; undefined removes it.
 */
export interface Place {
  /** Whether it is a chunk that holds the field. */
  readonly isPart?: boolean
  /** The key of the Document's JSON that has the value; under `tags` and in chunks beneath the name of the field. */
  readonly key: PlaceKey
  peek(document: Document): unknown
  hand(document: Document): unknown
  write(document: Document, value: unknown): void
}

/** Keys of a Document's JSON that can have the value of a typed field. */
export type PlaceKey =
  | 'text'
  | 'uri'
  | 'mime_type'
  | 'blob'
  | 'tensor'
  | 'embedding'
  | 'tags'
  | 'chunks'
  | 'matches'

/** A text, tensor or blob that Documents have a field for. */
export function ownPlace(number: number): Place {
  const isContent = number === field.text || number === field.tensor || number === field.blob
  return {
    key: jsonKeys.find(([, own]) => own === number)![0] as PlaceKey,
    peek: (document) => document[record].get(number),
    hand: (document) => document[record].hand(number),
    write(document, value) {
      if (isContent) document[record].setContent(number, value)
      else document[record].set(number, value)
    },
  }
}

/** An entry of `tags`. */
export function tagPlace(name: string): Place {
  const peek = (document: Document): unknown => {
    const tags = document[record].get(field.tags) as Record<string, unknown> | undefined
    return tags !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined
  }
  return {
    key: 'tags',
    peek,
    hand(document) {
      const value = peek(document)
      if (typeof value === 'object' && value !== null) document[record].hand(field.tags)
      return value
    },
    write(document, value) {
      if (value !== undefined) setOwn(document.tags, name, value)
      else if (peek(document) !== undefined) delete document.tags[name]
    },
  }
}

/** `chunks` or `matches`, whose elements are the documents of a list. */
export function familyPlace(number: typeof field.chunks | typeof field.matches): Place {
  const name = number === field.chunks ? 'chunks' : 'matches'
  return {
    key: name,
    peek: (document) => (document[record].isEmpty(number) ? undefined : document[name]),
    hand: (document) => document[name],
    write(document, value) {
      if (value === undefined) document[record].set(number, undefined)
      else document[name] = value as DocumentArray
    },
  }
}

/** Whether a `modality` says which field a chunk holds. */
export function isPartMark(modality: string): boolean {
  return modality.startsWith(partMark)
}

/** The beginning of the `modality` of a chunk that holds a field. */
const partMark = 'field:'
const listMark = '[]'

/** What a chunk holds a field as. */
export type PartKind = 'tensor' | 'blob' | 'document' | 'list'

/** The modality of the chunk that holds a field. */
export function modalityOf(name: string, kind: PartKind): string {
  return `${partMark}${name}${kind === 'list' ? listMark : ''}`
}

/** The field that a chunk holds, and as what; undefined for any other chunk. */
export function heldField(chunk: Document): { readonly name: string; readonly kind: PartKind } | undefined {
  const { modality } = chunk
  if (!isPartMark(modality)) return undefined
  if (modality.endsWith(listMark))
    return { name: modality.slice(partMark.length, -listMark.length), kind: 'list' }
  const name = modality.slice(partMark.length)
  const { contentType } = chunk
  // other parts have the field's name as their id
  const isValue = chunk.id === name && (contentType === 'tensor' || contentType === 'blob')
  return { name, kind: isValue ? contentType : 'document' }
}

/**
 * A chunk for a field that Documents have no place for: another tensor or blob, a document, or a list of documents, which are
 * the chunks of that chunk. Its `modality` names the field.
 */
export function partPlace(name: string, kind: PartKind): Place {
  const modality = modalityOf(name, kind)
  const find = (document: Document): Document | undefined => {
    if (document[record].isEmpty(field.chunks)) return undefined
    for (const chunk of document.chunks) if (chunk.modality === modality) return chunk
    return undefined
  }
  const hand = (document: Document): unknown => {
    const part = find(document)
    if (part === undefined || kind === 'document') return part
    return kind === 'list' ? part.chunks : part[record].hand(kind === 'tensor' ? field.tensor : field.blob)
  }
  return {
    isPart: true,
    key: 'chunks',
    peek: hand,
    hand,
    write(document, value) {
      const former = find(document)
      if (former !== undefined) document.chunks = document.chunks.filter((chunk) => chunk !== former)
      if (value !== undefined) document.chunks.push(partWith(value, { name, modality, kind }))
    },
  }
}

function partWith(
  value: unknown,
  { name, modality, kind }: { readonly name: string; readonly modality: string; readonly kind: PartKind },
): Document {
  switch (kind) {
    case 'tensor':
      return new Document({ id: name, modality, tensor: toTensor(value as TensorLike) })
    case 'blob':
      return new Document({ id: name, modality, blob: value as Uint8Array })
    case 'list':
      return new Document({ id: name, modality, chunks: value as DocumentArray })
    case 'document': {
      // a copy: the same document may be a field of several
      const part = new Document((value as Document)[record].copy())
      part.modality = modality
      return part
    }
  }
}
