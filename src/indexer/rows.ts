import type { RecordBatch, Schema } from 'apache-arrow'
import { Document, NdArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { columnOf, type ColumnValue, columnValues } from './columns.js'
import { type EmbeddingRules, requireScore, vectorOf } from './embedding.js'
import type { Engine } from './engine.js'
import type { Columns } from './options.js'
import { textsOf } from './texts.js'

/** A Document as it is stored. */
export interface Row {
  readonly id: string
  readonly vector: Float32Array
  /** The DocumentProto without its embedding. */
  readonly document: Uint8Array
  readonly columns: readonly ColumnValue[]
}

export type StoredRow = Omit<Row, 'columns'>

/** Requirements for Documents to be stored. */
export interface RowRules {
  readonly columns: Columns
  readonly embeddings: EmbeddingRules
}

/** Throws INVALID_INPUT for a Document that cannot be stored. */
export function rowOf(given: Document, { columns, embeddings }: RowRules): Row {
  const { id } = given
  requireId(id)
  // a copy, because reading the embedding of the original would force it to be encoded again
  const document = Document.fromProtobuf(given.toProtobuf())
  const vector = vectorOf(document)
  requireScore(document, vector, embeddings)
  document.embedding = undefined
  return { id, vector, document: document.toProtobuf(), columns: columnValues(document, columns) }
}

/** Throws INVALID_INPUT for an id that cannot be stored: a lone surrogate would be stored as another id. */
export function requireId(id: string): void {
  if (id !== '' && !/[\ud800-\udfff]/u.test(id)) return
  throw new MillraceError('INVALID_INPUT', `A document needs an id without lone surrogates to be stored.`)
}

/** The Document of a row, with its embedding if requested. */
export function documentOf(
  { document, vector }: Pick<StoredRow, 'document'> & { readonly vector?: Float32Array },
  withEmbedding: boolean,
): Document {
  const stored = Document.fromProtobuf(document)
  if (withEmbedding && vector !== undefined) stored.embedding = new NdArray({ data: vector })
  return stored
}

/** Columns that every read selects. */
export const storedColumns = ['id', 'vector', 'document']

/**
 * The schema of the table: id, vector, document, the commit that wrote the row, and one column for each tag. Numbers are
 * doubles, as tags are on the wire.
 */
export function schemaOf({ arrow }: Engine, dim: number, columns: Columns): Schema {
  const { Binary, Bool, Field, FixedSizeList, Float32, Float64, Int64, Utf8 } = arrow
  const tagTypes = { int: Float64, float: Float64, string: Utf8, bool: Bool }
  return new arrow.Schema([
    new Field('id', new Utf8(), false),
    new Field('vector', new FixedSizeList(dim, new Field('item', new Float32(), true)), false),
    new Field('document', new Binary(), false),
    new Field('commit', new Int64(), false),
    ...Object.entries(columns).map(([name, type]) => new Field(columnOf(name), new tagTypes[type](), true)),
  ])
}

/** The ids of a batch. */
export function idsOf(batch: RecordBatch): string[] {
  const textOf = textsOf(batch, 'id')
  return Array.from({ length: batch.numRows }, (_, row) => textOf(row)!)
}

/** The vectors of a batch, consecutively, as a view. */
export function vectorsOf(batch: RecordBatch): Float32Array {
  const list = batch.getChild('vector')!.data[0]!
  const dim = (list.type as { readonly listSize: number }).listSize
  const items = list.children[0]!
  const from = list.offset * dim
  return (items.values as Float32Array).subarray(from, from + list.length * dim)
}

/** The rows of a batch, copied out of it. */
export function* storedRows(batch: RecordBatch): Generator<StoredRow> {
  const vectors = vectorsOf(batch)
  const dim = batch.numRows === 0 ? 0 : vectors.length / batch.numRows
  const documents = batch.getChild('document')!
  for (const [at, id] of idsOf(batch).entries()) {
    yield {
      id,
      vector: vectors.slice(at * dim, (at + 1) * dim),
      document: (documents.get(at) as Uint8Array).slice(),
    }
  }
}
