import { MillraceError } from '../errors.js'
import { type Document, toDense } from '../document/index.js'

/** Sparse embeddings are converted to dense ones up to this many columns. */
const maxColumns = 65_536

/**
 * The embedding of a Document as float32: dense ones of one row, and sparse ones of up to 65 536 columns, made dense. Throws
 * INVALID_INPUT for a Document without one, for another length than `dim`, and for numbers that float32 cannot hold.
 */
export function vectorOf(document: Document, dim?: number): Float32Array {
  const vector = float32Of(document)
  if (dim !== undefined && vector.length !== dim) {
    throw refused(document, `an embedding of ${vector.length} numbers, but the index has ${dim}`)
  }
  requireFinite(document, vector)
  return vector
}

/** What errors say of a Document. */
type Named = Pick<Document, 'id'>

/** Throws INVALID_INPUT for numbers that are infinite or NaN. */
export function requireFinite(document: Named, vector: Float32Array): void {
  for (let at = 0; at < vector.length; at++) {
    if (!Number.isFinite(vector[at]!))
      throw refused(document, 'an embedding with a number that is not finite')
  }
}

/** Which embeddings have no useful score under the metric of an index. */
export interface EmbeddingRules {
  /** Zero vectors: their cosine with any other is undefined. */
  readonly refusesZero: boolean
  /** Vectors longer than `maxLength`: their squared distance or product may be too large for float32. */
  readonly refusesLong: boolean
}

/** For the embeddings that are stored already. */
export const anyEmbedding: EmbeddingRules = { refusesZero: false, refusesLong: false }

/** Between two vectors of at most this length, neither the product nor the squared distance exceeds float32's 3.4e38. */
const maxLength = 9.22e18

/** Throws INVALID_INPUT for a vector that the rules refuse. */
export function requireScore(document: Named, vector: Float32Array, rules: EmbeddingRules): void {
  if (rules.refusesZero && vector.every((number) => number === 0)) {
    throw refused(document, "a zero vector, which has no cosine; leave it out, or use zeroVectors: 'last'")
  }
  if (rules.refusesLong && lengthOf(vector) > maxLength) {
    throw refused(document, 'an embedding longer than 9.2e18, whose scores could be infinite')
  }
}

const lengthOf = (vector: Float32Array): number =>
  Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0))

function float32Of(document: Document): Float32Array {
  const tensor = document.embedding
  if (tensor === undefined) throw refused(document, 'no embedding; set it first')
  if (tensor.kind === 'raw') throw refused(document, `an embedding of dtype ${tensor.dtype}`)
  const { shape } = tensor
  const columns = shape.at(-1) ?? 0
  if (columns === 0 || shape.slice(0, -1).some((length) => length !== 1)) {
    throw refused(document, `an embedding of shape [${shape.join(', ')}]; it must be one row`)
  }
  if (tensor.kind === 'dense') {
    const { data } = tensor
    // copying the bytes costs a third of a conversion by way of doubles
    return data instanceof Float32Array ? data.slice() : Float32Array.from(tensor.toFloat64())
  }
  if (columns > maxColumns) {
    throw refused(document, `a sparse embedding of ${columns} columns; at most ${maxColumns} are written out`)
  }
  return Float32Array.from(toDense(tensor).toFloat64())
}

function refused(document: Named, what: string): MillraceError {
  return new MillraceError('INVALID_INPUT', `Document ${document.id} has ${what}.`)
}
