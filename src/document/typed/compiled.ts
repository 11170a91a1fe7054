import type { Document } from '../document.js'
import type { DocumentArray } from '../document-array.js'
import type { Place } from './place.js'
import type { TensorField } from './tensor-field.js'

/** What the values of a field are: `value` is that of a Standard Schema. */
export type KindName = 'value' | 'tensor' | 'blob' | 'document' | 'list'

/** A field of a class of typed documents. Places of errors are within the field. */
export interface CompiledField {
  readonly name: string
  readonly isOptional: boolean
  /** Where Documents have the value. */
  readonly place: Pick<Place, 'key' | 'isPart'>
  readonly kind: KindName
  /** The schema of its document, or of the documents of its list. */
  readonly of: Schema | undefined
  /** Whether null is a value of its own, and not a missing one. */
  readonly takesNull: boolean
  /** Undefined for fields that are no tensors, and for optional ones. */
  readonly tensor: TensorField | undefined
  /** The value for the user, who may change it. */
  hand(document: Document): unknown
  /** The value as it is stored, which must not be changed: documents are Documents, lists of them DocumentArrays. */
  stored(document: Document): unknown
  /** The value as plain data. */
  plain(document: Document): unknown
  /** Checks and sets a value that a user gives. Throws INVALID_INPUT. */
  set(document: Document, value: unknown): void
  /** Checks what a Document has, wherever the sender put it, and moves it to its place. Throws INVALID_INPUT. */
  check(document: Document): void
}

/** The compiled fields of a class of typed documents. Errors are INVALID_INPUT with a place. */
export interface Schema {
  readonly name: string
  readonly description: string | undefined
  readonly fields: readonly CompiledField[]
  /** A new Document with these values. */
  create(init: unknown): Document
  /** Checks the fields of a Document, and moves values to their places. */
  check(document: Document): void
  /** Checks each of the Documents; `place` begins the places of errors. */
  checkAll(documents: Iterable<Document>, place: string): void
  /** The Document of a value: a typed document, a Document (which is checked), or arguments of the class. */
  documentFrom(value: unknown): Document
  /** Id, scores and fields as plain data; missing ones are left out. */
  plain(document: Document): Record<string, unknown>
  /** The field with this name. Throws INVALID_INPUT. */
  field(name: string): CompiledField
  /** A TypedList of Documents that have been checked. */
  list(documents: DocumentArray): object
}
