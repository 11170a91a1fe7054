import type { Document } from './document.js'
import { field } from './fields.js'
import type { Scores } from './score.js'
import { setOwn } from './struct.js'
import type { TensorLike } from './tensor.js'

/** Properties of a new Document; unknown keys go to `tags`, as in DocArray v1. */
export interface DocumentInit {
  /** Defaults to 32 random hex characters. */
  readonly id?: string
  readonly text?: string
  readonly blob?: Uint8Array
  readonly tensor?: TensorLike
  /** Text, bytes or a tensor: sets `text`, `blob` or `tensor` by its type. */
  readonly content?: Content
  readonly embedding?: TensorLike
  readonly tags?: Record<string, unknown>
  readonly uri?: string
  readonly mimeType?: string
  readonly modality?: string
  readonly weight?: number
  readonly parentId?: string
  readonly granularity?: number
  readonly adjacency?: number
  readonly offset?: number
  readonly location?: readonly number[]
  readonly chunks?: DocumentInputs
  readonly matches?: DocumentInputs
  readonly scores?: Scores
  readonly evaluations?: Scores
  readonly [key: string]: unknown
}

/** The content of a Document: text, blob or tensor. */
export type Content = string | Uint8Array | TensorLike

/** Documents, or arguments of `new Document`. */
export type DocumentInputs = Iterable<Document | DocumentInit>

/** A matrix with one row for each Document, or a list with one tensor each. */
export type Rows = TensorLike | readonly (TensorLike | undefined)[]

const settable = new Set([...Object.keys(field), 'content'])

/** Sets the properties given to `new Document`. */
export function assign(document: Document, init: DocumentInit): void {
  let unknown: Record<string, unknown> | undefined
  const keys = Object.keys(init)
  // by index: entries and iterators cost as much as the rest of a new Document
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    const value = init[key]
    if (value === undefined || key === 'id') continue
    if (!settable.has(key)) setOwn((unknown ??= {}), key, value)
    else if (value !== null) (document as unknown as Record<string, unknown>)[key] = value
  }
  if (unknown !== undefined) document.tags = { ...document.tags, ...unknown }
}
