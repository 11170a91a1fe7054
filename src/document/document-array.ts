import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'
import { Document, documentFromJson } from './document.js'
import { EncodedDocuments } from './encoded-documents.js'
import { field } from './fields.js'
import type { Filter } from './filter.js'
import { findNearest, findWhere, type Query } from './find.js'
import type { Content, DocumentInit, DocumentInputs, Rows } from './inputs.js'
import { type Inspect, inspectSymbol } from './inspect.js'
import { type DocumentJson, parse } from './json.js'
import { type FindOptions, type Found, scoreName } from './nearest.js'
import type { NdArray } from './nd-array.js'
import { pick, type Picks } from './pick.js'
import { DocumentRecord, record } from './record.js'
import { reduceInto } from './reduce.js'
import type { Scores } from './score.js'
import { selectDocuments } from './selector.js'
import type { SparseMatrix } from './sparse/coo.js'
import { splitRows, stack, type Stacked } from './stack.js'
import { setOwn } from './struct.js'
import type { Tensor } from './tensor.js'

// This file and document.ts import each other; document.ts explains why that works.
//
// What `globalThis.Buffer` guards is for speed in Node alone: the bundle for pages (scripts/bundle.mjs) has none of it.

let lengthOf: (documents: DocumentArray) => number
let bytesOf: (documents: DocumentArray) => EncodedDocuments<Document> | undefined

/**
 * An ordered list of Documents.
 *
 * @example
 * const docs = new DocumentArray([new Document({ text: 'a' }), { text: 'b' }])
 * docs.embeddings = csrMatrix // one row per Document, sharing the matrix's memory
 */
export class DocumentArray implements Iterable<Document> {
  readonly #made: Document[] = []
  /** Documents behind `#made` of which nobody has asked for one. */
  #encoded: EncodedDocuments<Document>[] | undefined
  /** Number of Documents in `#encoded`. */
  #waiting = 0
  readonly #adopt: ((document: Document) => void) | undefined
  #positions: Map<string, number> | undefined
  /** Unknown fields of the message. */
  #unknown: readonly Uint8Array[] | undefined

  /** `adopt` is called with every Document that is pushed later; used by chunks and matches. */
  constructor(documents: DocumentInputs = [], adopt?: (document: Document) => void) {
    // several times as fast as Array.from
    for (const document of documents) this.#made.push(toDocument(document))
    this.#adopt = adopt
  }

  get length(): number {
    return this.#made.length + (typeof globalThis.Buffer === 'function' ? this.#waiting : 0)
  }

  /** The documents in order. */
  [Symbol.iterator](): IterableIterator<Document> {
    return this.#documents[Symbol.iterator]()
  }

  /** Appends Documents; returns the new length. */
  push(...documents: (Document | DocumentInit)[]): number {
    this.extend(documents)
    return this.length
  }

  /** Appends all Documents of another array or iterable. */
  extend(documents: DocumentInputs): void {
    this.#positions = undefined
    if (
      typeof globalThis.Buffer === 'function' &&
      documents instanceof DocumentArray &&
      documents.#encoded !== undefined &&
      documents.#made.length === 0 &&
      this.#adopt === undefined
    ) {
      return this.#wait([...documents.#encoded])
    }
    for (const given of documents === this ? [...documents] : documents) {
      const document = toDocument(given)
      this.#adopt?.(document)
      this.#documents.push(document)
    }
  }

  /** The Document at a position, from the end when negative; undefined outside. */
  at(index: number): Document | undefined {
    return this.#documents.at(index)
  }

  /** The first Document with this id; undefined when there is none. */
  get(id: string): Document | undefined {
    if (this.#positions === undefined) {
      this.#positions = new Map()
      for (let at = this.length - 1; at >= 0; at--) this.#positions.set(this.#documents[at]!.id, at)
    }
    const document = this.#documents[this.#positions.get(id) ?? -1]
    if (document?.id === id) return document
    // ids may have been changed since
    return this.#documents.find((candidate) => candidate.id === id)
  }

  /** Some of the Documents as a new array, by positions as in Array. */
  slice(start?: number, end?: number): DocumentArray {
    return new DocumentArray(this.#documents.slice(start, end))
  }

  /** What `give` returns for each Document, as an array. */
  map<T>(give: (document: Document, index: number) => T): T[] {
    return this.#documents.map((document, index) => give(document, index))
  }

  /** The Documents for which `keep` returns something true, as a new array. `find()` takes conditions as data. */
  filter(keep: (document: Document, index: number) => unknown): DocumentArray {
    return new DocumentArray(this.#documents.filter((document, index) => keep(document, index)))
  }

  /** The Documents at positions, with ids, or where a mask of the same length is true. Throws INVALID_INPUT for others. */
  pick(picks: Picks): DocumentArray {
    return new DocumentArray(pick(this, picks))
  }

  /**
   * The Documents that a selector names, in one flat array: `@r` these Documents, `@c` their chunks, `@m` their matches, `@cm`
   * matches of chunks, `@c[0:2]m,r` slices and several paths. Throws INVALID_INPUT for a malformed selector.
   */
  traverse(selector: string): DocumentArray {
    return new DocumentArray(selectDocuments(this, selector))
  }

  /** The texts, '' for Documents without one. */
  get texts(): string[] {
    if (typeof globalThis.Buffer === 'function' && this.#asBytes !== undefined)
      return this.#asBytes.readTexts().slice()
    return this.#documents.map((document) => document.text)
  }
  set texts(values: readonly (string | undefined)[]) {
    this.#each(values, (document, text) => (document.text = text))
  }

  get blobs(): (Uint8Array | undefined)[] {
    return this.#documents.map((document) => document.blob)
  }
  set blobs(values: readonly (Uint8Array | undefined)[]) {
    this.#each(values, (document, blob) => (document.blob = blob))
  }

  /** Texts, stacked tensors, or blobs, by the first Document that has content. A setter for values of any of these types. */
  get contents(): string[] | Stacked | (Uint8Array | undefined)[] {
    if (typeof globalThis.Buffer === 'function' && this.#asBytes?.beginsWithText()) return this.texts
    const kind = this.#documents.find((document) => document.contentType !== undefined)?.contentType
    if (kind === 'tensor') return this.tensors
    return kind === 'blob' ? this.blobs : this.texts
  }
  set contents(values: readonly (Content | undefined)[] | NdArray | SparseMatrix) {
    const rows: readonly (Content | undefined)[] = Array.isArray(values)
      ? values
      : splitRows(values as NdArray)
    this.#each(rows, (document, content) => (document.content = content))
  }

  /** Dense tensors of one shape and dtype as one NdArray with one more dimension, sparse rows as one matrix. */
  get tensors(): Stacked {
    return stack(this.#documents.map((document) => document.tensor))
  }
  set tensors(rows: Rows | undefined) {
    this.#eachRow(rows, (document, row) => (document.tensor = row))
  }

  /** Stacked like `tensors`. Rows of an assigned matrix are not copied; read back in order they are the same matrix. */
  get embeddings(): Stacked {
    if (typeof globalThis.Buffer === 'function' && this.#asBytes?.embeddings !== undefined)
      return stack(this.#asBytes.embeddings)
    return stack(this.#documents.map((document) => document.embedding))
  }
  set embeddings(rows: Rows | undefined) {
    if (
      typeof globalThis.Buffer === 'function' &&
      this.#asBytes !== undefined &&
      rows !== undefined &&
      rows !== null
    ) {
      const embeddings = splitRows(rows)
      if (embeddings.length === this.length) {
        this.#asBytes.embeddings = embeddings
        return
      }
    }
    this.#eachRow(rows, (document, row) => (document.embedding = row))
  }

  /** Sets the `matches` of each Document to its nearest `candidates`, closest first. */
  match(candidates: DocumentArray, options: FindOptions = {}): void {
    const found = findNearest(this, candidates, options)
    for (const [index, document] of this.#documents.entries()) {
      document.matches = found[index]!.map((match) => toMatch(match, options))
    }
  }

  /** The Documents that pass a filter, or the nearest to a vector or Document; one list each for several of these. */
  find(query: Filter, options?: { limit?: number | null }): DocumentArray
  find(query: Document | ArrayBufferView | readonly number[], options?: FindOptions): DocumentArray
  find(query: DocumentArray | readonly (readonly number[])[], options?: FindOptions): DocumentArray[]
  find(query: NdArray | SparseMatrix, options?: FindOptions): DocumentArray | DocumentArray[]
  find(query: Query | Filter, options: FindOptions = {}): DocumentArray | DocumentArray[] {
    const found = findWhere(this, query, options)
    if (found.kind === 'filtered') return new DocumentArray(found.documents)
    const arrays = found.lists.map((list) => new DocumentArray(list.map((match) => toMatch(match, options))))
    return found.kind === 'one' ? arrays[0]! : arrays
  }

  /** Sorts in place, as Array does. */
  sort(compare: (left: Document, right: Document) => number): this {
    this.#documents.sort(compare)
    this.#positions = undefined
    return this
  }

  /** Splits the Documents into arrays of `size`; the last one may be shorter. */
  *batch(size: number): Generator<DocumentArray, void, undefined> {
    if (!Number.isInteger(size) || size < 1) {
      throw new MillraceError('INVALID_INPUT', `A batch size must be at least 1, got ${size}.`)
    }
    for (let start = 0; start < this.length; start += size) yield this.slice(start, start + size)
  }

  /**
   * Merges others into this array, by id: values set here stay, empty ones are taken from the others, new Documents are
   * appended; chunks and matches likewise, unsorted (DocArray v1).
   */
  reduce(...others: Iterable<Document>[]): this {
    for (const other of others) reduceInto(this, other)
    return this
  }

  /** The bytes of a DocumentArrayProto. */
  toProtobuf(): Uint8Array {
    const writer = new Writer(documentsLength(this))
    encodeDocuments(writer, this)
    return writer.finish()
  }

  /** Throws MALFORMED for bytes that are not a DocumentArrayProto; its Documents are decoded on access. */
  static fromProtobuf(bytes: Uint8Array): DocumentArray {
    const array = new DocumentArray()
    const encoded = new EncodedDocuments<Document>(bytes)
    // pages make the objects at once: to keep bytes would take code that they have to load
    if (typeof globalThis.Buffer !== 'function')
      for (const document of documentsOf(encoded)) array.#made.push(document)
    else if (encoded.length > 0) array.#wait([encoded])
    array.#unknown = encoded.unknown
    return array
  }

  /** As plain data in the JSON of DocArray, for `JSON.stringify`. */
  toJSON(): DocumentJson[] {
    return this.#documents.map((document) => document.toJSON())
  }

  /** From a list in the format of `Document.fromJSON`, or its JSON text. Throws INVALID_INPUT for anything else. */
  static fromJSON(json: unknown): DocumentArray {
    const list = typeof json === 'string' ? parse(json) : json
    if (Array.isArray(list))
      return new DocumentArray(list.map((entry: unknown) => documentFromJson(entry, 0)))
    throw new MillraceError('INVALID_INPUT', `Documents must be an array in JSON, got ${typeof list}.`)
  }

  /** How `console.log` shows it. */
  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return `DocumentArray(${this.length}) ${inspect(this.#documents, options)}`
  }

  /** All Documents. Creates the objects of encoded ones. */
  get #documents(): Document[] {
    if (typeof globalThis.Buffer === 'function' && this.#encoded !== undefined) {
      const encoded = this.#encoded
      this.#encoded = undefined
      this.#waiting = 0
      for (const list of encoded) for (const document of documentsOf(list)) this.#made.push(document)
    }
    return this.#made
  }

  #wait(encoded: readonly EncodedDocuments<Document>[]): void {
    if (typeof globalThis.Buffer !== 'function') return
    this.#encoded ??= []
    for (const list of encoded) {
      this.#encoded.push(list)
      this.#waiting += list.length
    }
  }

  /** The Documents, if they came as one message and no object was made for them. */
  get #asBytes(): EncodedDocuments<Document> | undefined {
    if (typeof globalThis.Buffer !== 'function') return undefined
    if (this.#made.length > 0 || this.#encoded?.length !== 1) return undefined
    const [encoded] = this.#encoded
    return encoded!.made === undefined ? encoded : undefined
  }

  #each<T>(values: readonly T[], apply: (document: Document, value: T) => void): void {
    const came = Array.isArray(values) ? values.length : typeof values
    if (came !== this.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `Expected a list of one value for each of ${this.length} Documents, got ${came}.`,
      )
    }
    for (const [index, document] of this.#documents.entries()) apply(document, values[index]!)
  }

  #eachRow(rows: Rows | undefined, apply: (document: Document, row: Tensor | undefined) => void): void {
    if (rows === undefined || rows === null) for (const document of this) apply(document, undefined)
    else this.#each(splitRows(rows), apply)
  }

  /** Writes the fields of a DocumentArrayProto, so that it can be nested in another message without a copy. */
  writeTo(writer: Writer): void {
    for (const document of this.#made) document[record].write(writer, 1)
    if (typeof globalThis.Buffer === 'function') {
      for (const encoded of this.#encoded ?? []) {
        if (encoded.made === undefined) encoded.writeList(writer)
        else for (const document of encoded.made) document[record].write(writer, 1)
      }
    }
    for (const fields of this.#unknown ?? []) writer.raw(fields)
  }

  static {
    lengthOf = (array) => {
      let length = 64
      for (const document of array.#made) length += document[record].length() + 8
      if (typeof globalThis.Buffer === 'function') {
        for (const encoded of array.#encoded ?? []) {
          if (encoded.made === undefined) length += encoded.encodedLength()
          else for (const document of encoded.made) length += document[record].length() + 8
        }
      }
      return length
    }
    if (typeof globalThis.Buffer === 'function') {
      bytesOf = (array) => (array.#asBytes?.embeddings === undefined ? array.#asBytes : undefined)
    }
  }
}

/** Makes the Documents of a list, once. */
function documentsOf(encoded: EncodedDocuments<Document>): readonly Document[] {
  const { bytes, embeddings } = encoded
  return (encoded.made ??= encoded.map((start, end, index) => {
    const own = new DocumentRecord({ bytes, start, end })
    if (typeof globalThis.Buffer === 'function' && embeddings !== undefined)
      own.set(field.embedding, embeddings[index])
    return new Document(own)
  }))
}

/** Writes the fields of a DocumentArrayProto into an enclosing message. */
export function encodeDocuments(writer: Writer, documents: DocumentArray): void {
  documents.writeTo(writer)
}

/**
 * The Documents as they came, while no object was made for them and nothing was set; undefined otherwise. Only for Node. What it
 * returns must not be changed, nor kept.
 */
export function unreadDocuments(documents: DocumentArray): EncodedDocuments<Document> | undefined {
  return bytesOf(documents)
}

/** Approximate number of bytes that `encodeDocuments` writes; a Writer of that size rarely grows. */
export function documentsLength(documents: DocumentArray): number {
  return lengthOf(documents)
}

function toDocument(given: Document | DocumentInit): Document {
  if (given instanceof Document) return given
  if (isForeign(given)) return Document.fromProtobuf(given.toProtobuf())
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return new Document(given)
  throw new MillraceError('INVALID_INPUT', `Expected a Document or a plain object, got ${describe(given)}.`)
}

/** A Document of another copy of this package. */
function isForeign(given: unknown): given is Document {
  return typeof given === 'object' && given !== null && 'toProtobuf' in given && 'tags' in given
}

function describe(given: unknown): string {
  return given === null ? 'null' : Array.isArray(given) ? 'a list' : typeof given
}

/** A result as a match: a copy without matches of its own, with the distance as its score. */
function toMatch({ document, distance }: Found, options: FindOptions): Document {
  const match = options.onlyId ? new Document({ id: document.id }) : new Document(document[record].copy())
  const scores: Scores = options.onlyId
    ? {}
    : { ...(document[record].get(field.scores) as Scores | undefined) }
  setOwn(scores, scoreName(options), { value: distance })
  match.scores = scores
  match[record].set(field.matches, undefined)
  return match
}
