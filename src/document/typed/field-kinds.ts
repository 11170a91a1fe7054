import type { BytesField, OptionalField, OwnField } from './types.js'

/** A field of `doc()` that has bytes. */
export function bytes(): BytesField {
  return { kind: 'bytes' }
}

/**
 * Lets a tensor, bytes, a document or a list of documents be missing. Standard Schemas have an optional of their own, such as
 * `z.string().optional()`.
 *
 * @example
 * const Article = doc({ author: optional(Author), embedding: optional(tensor('float32', [384])) })
 */
export function optional<const Of extends OwnField>(of: Of): OptionalField<Of> {
  return { kind: 'optional', of }
}
