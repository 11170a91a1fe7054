import { Document, DocumentArray } from '../document/index.js'
import { type DocClass } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import { describeValue } from './describe-value.js'
import { misfit, typedItem, typedResult } from './typed-request.js'

/** The result of a handler, by kind. */
export type Outcome =
  | { readonly kind: 'in-place' }
  | { readonly kind: 'documents'; readonly docs: DocumentArray }
  | { readonly kind: 'results'; readonly results: Readonly<Record<string, unknown>> }
  | { readonly kind: 'stream'; readonly items: Iterable<unknown> | AsyncIterable<unknown> }

const inPlace: Outcome = { kind: 'in-place' }

/**
 * Classifies the return value of a handler: nothing (or null), a DocumentArray, a Document (an array of one), a plain object,
 * or a generator; typed documents too, and an array of what `output` takes. `handler` names the method in messages. Throws
 * INVALID_RESULT for any other value, which it describes.
 */
export function sortResult(value: unknown, handler: string, output?: DocClass): Outcome {
  if (value === undefined || value === null) return inPlace
  const typed = misfit(handler, () => typedResult(output, value))
  if (typed !== undefined) return { kind: 'documents', docs: typed }
  if (typeof value === 'object') {
    if (isDocumentArray(value)) return { kind: 'documents', docs: localArray(value) }
    if (isDocument(value)) return { kind: 'documents', docs: new DocumentArray([localDocument(value)]) }
    if (isIterator(value)) return { kind: 'stream', items: value }
    if (isPlain(value)) return { kind: 'results', results: value as Record<string, unknown> }
  }
  throw new MillraceError(
    'INVALID_RESULT',
    `${handler} returned ${describeValue(value)}; a handler returns nothing (documents changed in place), a DocumentArray, a plain object (results) or a generator of Documents`,
  )
}

/** A document that a generator yielded. Throws INVALID_RESULT for anything else. */
export function yieldedDocument(value: unknown, handler: string, output?: DocClass): Document {
  const typed = misfit(handler, () => typedItem(output, value))
  if (typed !== undefined) return typed
  if (typeof value === 'object' && value !== null && isDocument(value)) return localDocument(value)
  throw new MillraceError(
    'INVALID_RESULT',
    `${handler} yielded ${describeValue(value)}; a generator yields Documents`,
  )
}

// Another copy of the package has other classes and private fields: its documents are copied as bytes.

function isDocumentArray(value: object): value is DocumentArray {
  return value instanceof DocumentArray || isForeign(value, 'DocumentArray')
}

function isDocument(value: unknown): value is Document {
  return value instanceof Document || isForeign(value, 'Document')
}

function localArray(value: DocumentArray): DocumentArray {
  return value instanceof DocumentArray
    ? value
    : DocumentArray.fromProtobuf((value as DocumentArray).toProtobuf())
}

function localDocument(value: Document): Document {
  return value instanceof Document ? value : Document.fromProtobuf((value as Document).toProtobuf())
}

function isForeign(value: unknown, className: string): boolean {
  if (typeof value !== 'object' || value === null || !('toProtobuf' in value)) return false
  return value.constructor?.name === className && typeof value.toProtobuf === 'function'
}

/** Generators and iterators; not arrays, sets or other collections. */
function isIterator(value: object): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (!('next' in value) || typeof value.next !== 'function') return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  // of any realm: a plain object's prototype is at the end of the chain
  return (
    proto === null ||
    (Object.getPrototypeOf(proto) === null && Object.hasOwn(proto as object, 'hasOwnProperty'))
  )
}
