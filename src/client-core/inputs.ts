import { Document, type DocumentArray, type DocumentInit } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { isPlainObject } from '../lib/plain-object.js'
import { reasonOf } from '../lib/reason.js'

/** One document: a Document, its fields as a plain object, or only its content (text, bytes, tensor). */
export type Input = Document | DocumentInit | string | number | ArrayBufferView

/**
 * What `post` accepts: nothing or an empty array, one document, a sequence of documents (iterable or async iterable), or a
 * function that returns one of these.
 */
export type Inputs = ReadyInputs | (() => ReadyInputs | Promise<ReadyInputs>)

type ReadyInputs = Input | DocumentArray | Iterable<Input> | AsyncIterable<Input> | null | undefined

/** Classified inputs, with their number if it is known before the first document is read. */
export type Source =
  | { readonly kind: 'none'; readonly length: 0; readonly replayable: true }
  | {
      readonly kind: 'sync'
      readonly items: Iterable<unknown>
      readonly length: number | undefined
      readonly replayable: boolean
    }
  | {
      readonly kind: 'async'
      readonly items: AsyncIterable<unknown>
      readonly length: undefined
      readonly replayable: false
    }

const nothing: Source = { kind: 'none', length: 0, replayable: true }

/** Classifies inputs; calls them first if they are a function. Throws INVALID_INPUT and INPUT_FAILED. */
export async function resolveInputs(inputs: unknown): Promise<Source> {
  if (typeof inputs !== 'function') return sourceOf(inputs)
  let given: unknown
  try {
    given = await inputs()
  } catch (cause) {
    throw inputFailed(cause)
  }
  return sourceOf(given)
}

function sourceOf(inputs: unknown): Source {
  if (inputs === undefined || inputs === null) return nothing
  if (typeof inputs !== 'object' || ArrayBuffer.isView(inputs)) return single(inputs)
  if (Symbol.asyncIterator in inputs) {
    return { kind: 'async', items: inputs as AsyncIterable<unknown>, length: undefined, replayable: false }
  }
  if (Symbol.iterator in inputs) {
    const items = inputs as Iterable<unknown> & { readonly length?: unknown; readonly size?: unknown }
    const length = items.length ?? items.size
    if (length === 0) return nothing
    const known = typeof length === 'number'
    return { kind: 'sync', items, length: known ? length : undefined, replayable: known }
  }
  return single(inputs)
}

function single(input: unknown): Source {
  return { kind: 'sync', items: [toDocument(input)], length: 1, replayable: true }
}

/** Converts one element to a Document. Throws INVALID_INPUT. */
export function toDocument(input: unknown): Document {
  if (input instanceof Document) return input
  if (typeof input === 'string' || typeof input === 'number' || ArrayBuffer.isView(input)) {
    return new Document({ content: input } as DocumentInit)
  }
  if (typeof input === 'object' && input !== null) {
    if (isPlainObject(input)) return new Document(input)
    if ('shape' in input || Array.isArray(input)) return new Document({ content: input } as DocumentInit)
  }
  throw new MillraceError(
    'INVALID_INPUT',
    `A document must be a Document, a plain object with its fields, or its content (text, bytes, tensor); got ${describe(input)}.`,
  )
}

/** The INPUT_FAILED error for a source of inputs that threw. */
export function inputFailed(cause: unknown): MillraceError {
  const message = reasonOf(cause)
  return new MillraceError('INPUT_FAILED', `The source of inputs threw: ${message}`, { cause })
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return `a function (call it, or pass it as the whole of inputs)`
  if (value instanceof Promise) return 'a Promise (await it first)'
  if (typeof value === 'object') return `an object of class ${value.constructor?.name ?? '(none)'}`
  return `a ${typeof value}`
}
