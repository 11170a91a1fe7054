import { MillraceError } from '../errors.js'
import type { Document } from './document.js'
import type { DocumentArray } from './document-array.js'
import { isTypedArray } from './dtype.js'
import { field } from './fields.js'
import { compileFilter, type Filter } from './filter.js'
import { type Candidates, candidatesOf, type FindOptions, type Found, nearest } from './nearest.js'
import { type Recorded, record } from './record.js'
import { splitRows } from './stack.js'
import { isTensor, type Tensor, type TensorLike, toTensor } from './tensor.js'

/** What to search for by distance: one vector or Document, or several. */
export type Query = TensorLike | ArrayBufferView | Document | DocumentArray

type Outcome =
  | { readonly kind: 'filtered'; readonly documents: Document[] }
  | { readonly kind: 'one' | 'several'; readonly lists: Found[][] }

/** The nearest candidates of each Document. Throws INVALID_INPUT for one without an embedding. */
export function findNearest(
  queries: Iterable<Recorded>,
  candidates: Iterable<Document>,
  options: FindOptions,
): Found[][] {
  const prepared = candidatesOf(candidates, options)
  return Array.from(queries, (query) => nearestOf(query, prepared, options))
}

/** Searches `documents`, by filter or by distance depending on the query. */
export function findWhere(
  documents: Iterable<Document>,
  query: Query | Filter,
  options: FindOptions,
): Outcome {
  if (isRecorded(query)) return { kind: 'one', lists: findNearest([query], documents, options) }
  if (isList(query)) return { kind: 'several', lists: findNearest(query, documents, options) }
  const tensors = vectorsOf(query)
  if (tensors === undefined) {
    const found = Array.from(documents).filter(compileFilter(query as Filter))
    return { kind: 'filtered', documents: found.slice(0, options.limit ?? undefined) }
  }
  const prepared = candidatesOf(documents, options)
  const lists = tensors.rows.map((tensor) => nearest({ tensor }, prepared, options))
  return { kind: tensors.kind, lists }
}

function nearestOf(query: Recorded, candidates: Candidates, options: FindOptions): Found[] {
  const tensor = query[record].get(field.embedding) as Tensor | undefined
  const id = query[record].get(field.id) as string
  if (tensor !== undefined) return nearest({ tensor, id }, candidates, options)
  throw new MillraceError('INVALID_INPUT', `Document ${id} has no embedding to search with; set it first.`)
}

/** A vector, or the rows of a matrix; undefined for anything else. */
function vectorsOf(query: unknown): { kind: 'one' | 'several'; rows: Tensor[] } | undefined {
  if (!isTensor(query) && !isTypedArray(query) && !Array.isArray(query)) return undefined
  const tensor = toTensor(query as TensorLike)
  const single = tensor.kind === 'sparse' ? tensor.shape[0] === 1 : tensor.shape.length < 2
  if (single) return { kind: 'one', rows: [tensor] }
  const rows = splitRows(tensor)
  return { kind: 'several', rows: rows.filter((row) => row !== undefined) }
}

function isRecorded(query: unknown): query is Recorded {
  return typeof query === 'object' && query !== null && record in query
}

/** A DocumentArray, recognized by its content. */
function isList(query: unknown): query is Iterable<Recorded> {
  return typeof query === 'object' && query !== null && 'toProtobuf' in query && Symbol.iterator in query
}
