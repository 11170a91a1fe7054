import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { decodeDocument, Document, type DocumentInit, encodeDocument, lengthOf } from './document.js'
import { type Stacked, splitRows, stack } from './stack.js'
import type { TensorLike } from './tensor.js'

/** Documents, or what `new Document` takes. */
export type DocumentInputs = Iterable<Document | DocumentInit>

/** A matrix whose rows become one tensor a Document, or one tensor each in a list. */
export type Rows = TensorLike | readonly (TensorLike | undefined)[]

const docsTag = 10

/** Writes the fields of a DocumentArrayProto, so that it can be nested in another message without a copy. */
export let encodeDocuments: (writer: Writer, documents: DocumentArray) => void

/** Bytes that `encodeDocuments` will write, nearly; a Writer made for so many will hardly grow. */
export let documentsLength: (documents: DocumentArray) => number

/**
 * An ordered list of Documents.
 *
 * @example
 * const docs = new DocumentArray([new Document({ text: 'a' }), { text: 'b' }])
 * docs.embeddings = csrMatrix // one row a Document, sharing the matrix's memory
 */
export class DocumentArray implements Iterable<Document> {
  readonly #documents: Document[]
  readonly #adopt: ((document: Document) => void) | undefined
  /** Fields of the message that are not ours. */
  #unknown: Uint8Array[] | undefined

  /** `adopt` is told each Document that is pushed later; chunks and matches use it. */
  constructor(documents: DocumentInputs = [], adopt?: (document: Document) => void) {
    this.#documents = Array.from(documents, toDocument)
    this.#adopt = adopt
  }

  get length(): number {
    return this.#documents.length
  }

  [Symbol.iterator](): ArrayIterator<Document> {
    return this.#documents[Symbol.iterator]()
  }

  /** Adds Documents at the end; gives the new length. */
  push(...documents: (Document | DocumentInit)[]): number {
    for (const given of documents) {
      const document = toDocument(given)
      this.#adopt?.(document)
      this.#documents.push(document)
    }
    return this.#documents.length
  }

  /** The Document at a position, from the end when negative; undefined outside. */
  at(index: number): Document | undefined {
    return this.#documents.at(index)
  }

  /** The texts, '' where there is none. */
  get texts(): string[] {
    return this.#documents.map((document) => document.text)
  }
  set texts(values: readonly string[]) {
    this.#each(values, (document, text) => (document.text = text))
  }

  get blobs(): (Uint8Array | undefined)[] {
    return this.#documents.map((document) => document.blob)
  }
  set blobs(values: readonly (Uint8Array | undefined)[]) {
    this.#each(values, (document, blob) => (document.blob = blob))
  }

  /** All texts, stacked tensors, or blobs, as the first Document with content has it. */
  get contents(): string[] | Stacked | (Uint8Array | undefined)[] {
    const kind = this.#documents.find((document) => document.contentType !== undefined)?.contentType
    if (kind === 'tensor') return this.tensors
    return kind === 'blob' ? this.blobs : this.texts
  }

  /** Dense tensors of one shape and dtype as one NdArray with one more dimension, sparse rows as one matrix. */
  get tensors(): Stacked {
    return stack(this.#documents.map((document) => document.tensor))
  }
  set tensors(rows: Rows) {
    this.#each(splitRows(rows), (document, row) => (document.tensor = row))
  }

  get embeddings(): Stacked {
    return stack(this.#documents.map((document) => document.embedding))
  }
  set embeddings(rows: Rows) {
    this.#each(splitRows(rows), (document, row) => (document.embedding = row))
  }

  /** The DocumentArrayProto. */
  toProtobuf(): Uint8Array {
    const writer = new Writer(documentsLength(this))
    encodeDocuments(writer, this)
    return writer.finish()
  }

  /** Throws MALFORMED for bytes that are no DocumentArrayProto; the Documents in it are read when looked at. */
  static fromProtobuf(bytes: Uint8Array): DocumentArray {
    const array = new DocumentArray()
    const reader = new Reader(bytes)
    while (!reader.done) {
      const from = reader.position
      const tag = reader.tag()
      if (tag === docsTag) {
        const length = reader.uint32()
        const start = reader.position
        if (length > bytes.length - start)
          throw new MillraceError('MALFORMED', 'A Document ends beyond its message.')
        reader.position = start + length
        array.#documents.push(decodeDocument({ bytes, start, end: reader.position }, 0))
      } else {
        reader.skip(tag)
        ;(array.#unknown ??= []).push(bytes.subarray(from, reader.position))
      }
    }
    return array
  }

  #each<T>(values: ArrayLike<T>, apply: (document: Document, value: T) => void): void {
    if (values.length !== this.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `Expected one value a Document, ${this.length}, got ${values.length}.`,
      )
    }
    for (const [index, document] of this.#documents.entries()) apply(document, values[index]!)
  }

  static {
    encodeDocuments = (writer, documents) => {
      for (const document of documents.#documents) encodeDocument(writer, 1, { document, depth: 0 })
      for (const fields of documents.#unknown ?? []) writer.raw(fields)
    }
    documentsLength = (documents) => {
      let length = 64
      for (const document of documents.#documents) length += lengthOf(document)
      return length
    }
  }
}

function toDocument(given: Document | DocumentInit): Document {
  if (given instanceof Document) return given
  if (typeof given === 'object' && given !== null) return new Document(given)
  throw new MillraceError('INVALID_INPUT', `Expected a Document or a plain object, got ${typeof given}.`)
}
