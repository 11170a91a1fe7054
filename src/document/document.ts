import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { checked } from './check.js'
import { field } from './fields.js'
import type { Filter } from './filter.js'
import { findNearest, findWhere, type Query } from './find.js'
import { randomId } from './id.js'
import { assign, type Content, type DocumentInit, type DocumentInputs, type Rows } from './inputs.js'
import { filledFields, type Inspect, inspectSymbol } from './inspect.js'
import { type DocumentJson, initFromJson, parse, toJson } from './json.js'
import { guessMimeType } from './mime.js'
import { type FindOptions, type Found, scoreName } from './nearest.js'
import { DocumentRecord, record, requireShallow } from './record.js'
import { reduceInto } from './reduce.js'
import type { Scores } from './score.js'
import { pick, type Picks } from './pick.js'
import { selectDocuments } from './selector.js'
import { splitRows, stack, type Stacked } from './stack.js'
import { setOwn } from './struct.js'
import type { NdArray } from './nd-array.js'
import type { SparseMatrix } from './sparse/matrix.js'
import { type Tensor, type TensorLike, toTensor } from './tensor.js'

// Documents hold DocumentArrays and those hold Documents: neither class can be loaded before the other, so both are here.

/**
 * A Document of DocArray v1. One that was decoded keeps its bytes and reads a field when it is looked at; what nobody
 * touched is encoded as it came. Setters throw INVALID_INPUT for values of the wrong type.
 *
 * @example
 * const document = new Document({ text: 'hello', lang: 'en' }) // tags: { lang: 'en' }
 * document.embedding = [0.1, 0.2]
 * document.chunks.push(new Document({ text: 'hel' }))
 */
export class Document {
  readonly [record]: DocumentRecord

  constructor(init?: DocumentInit | DocumentRecord) {
    if (init instanceof DocumentRecord) {
      this[record] = init
      return
    }
    this[record] = new DocumentRecord()
    this.id = init?.id ?? randomId()
    if (init !== undefined) assign(this, init)
  }

  get id(): string {
    return this.#text(field.id)
  }
  set id(value: string) {
    this.#set(field.id, value)
  }

  /** '' when there is none. Setting it removes `blob` and `tensor`. */
  get text(): string {
    return this.#text(field.text)
  }
  set text(value: string | undefined) {
    this[record].setContent(field.text, checked(field.text, value))
  }

  /** A view of the bytes that the Document came from. Setting it removes `text` and `tensor`. */
  get blob(): Uint8Array | undefined {
    return this[record].get(field.blob) as Uint8Array | undefined
  }
  set blob(value: Uint8Array | undefined) {
    this[record].setContent(field.blob, checked(field.blob, value))
  }

  /** Setting it removes `text` and `blob`. */
  get tensor(): Tensor | undefined {
    return this[record].hand(field.tensor) as Tensor | undefined
  }
  set tensor(value: TensorLike | undefined) {
    this[record].setContent(field.tensor, tensorOrNothing(value))
  }

  /** The one of text, tensor and blob that is set; undefined when none is. */
  get content(): string | Uint8Array | Tensor | undefined {
    const number = this[record].contentField()
    return number === 0 ? undefined : (this[record].hand(number) as string | Uint8Array | Tensor)
  }
  /** A string becomes `text`, a Uint8Array `blob`, anything else `tensor`. */
  set content(value: Content | undefined) {
    if (typeof value === 'string') this.text = value
    else if (value instanceof Uint8Array) this.blob = value
    else if (value === undefined || value === null) {
      this.text = undefined
      this.tensor = undefined
      this.blob = undefined
    } else this.tensor = value
  }

  /** Which of the three `content` is. */
  get contentType(): 'text' | 'tensor' | 'blob' | undefined {
    const number = this[record].contentField()
    if (number === 0) return undefined
    return number === field.text ? 'text' : number === field.tensor ? 'tensor' : 'blob'
  }

  get embedding(): Tensor | undefined {
    return this[record].hand(field.embedding) as Tensor | undefined
  }
  set embedding(value: TensorLike | undefined) {
    this[record].set(field.embedding, tensorOrNothing(value))
  }

  /** Free properties: what a google.protobuf.Struct holds, so numbers are doubles. */
  get tags(): Record<string, unknown> {
    return this.#handOrMake(field.tags, () => ({})) as Record<string, unknown>
  }
  set tags(value: Record<string, unknown> | undefined) {
    this.#set(field.tags, value)
  }

  get uri(): string {
    return this.#text(field.uri)
  }
  set uri(value: string | undefined) {
    this.#set(field.uri, value)
  }

  /** As set; else guessed from the end of `uri`; else `text/plain` when there is text; else ''. */
  get mimeType(): string {
    return this.#text(field.mimeType) || guessMimeType(this.uri) || (this.text === '' ? '' : 'text/plain')
  }
  set mimeType(value: string | undefined) {
    this.#set(field.mimeType, value)
  }

  get modality(): string {
    return this.#text(field.modality)
  }
  set modality(value: string | undefined) {
    this.#set(field.modality, value)
  }

  /** float32 on the wire, as `offset` and `location`. */
  get weight(): number | undefined {
    return this[record].get(field.weight) as number | undefined
  }
  set weight(value: number | undefined) {
    this.#set(field.weight, value)
  }

  get parentId(): string {
    return this.#text(field.parentId)
  }
  set parentId(value: string | undefined) {
    this.#set(field.parentId, value)
  }

  /** How many chunk levels below its root a Document is. */
  get granularity(): number {
    return (this[record].get(field.granularity) as number | undefined) ?? 0
  }
  set granularity(value: number | undefined) {
    this.#set(field.granularity, value)
  }

  /** How many match levels away from its root a Document is. */
  get adjacency(): number {
    return (this[record].get(field.adjacency) as number | undefined) ?? 0
  }
  set adjacency(value: number | undefined) {
    this.#set(field.adjacency, value)
  }

  get offset(): number | undefined {
    return this[record].get(field.offset) as number | undefined
  }
  set offset(value: number | undefined) {
    this.#set(field.offset, value)
  }

  get location(): number[] {
    return this.#handOrMake(field.location, () => []) as number[]
  }
  set location(value: readonly number[] | undefined) {
    this.#set(field.location, value)
  }

  /** Parts of this Document. Pushing one sets its parentId, and its granularity to one more than here. */
  get chunks(): DocumentArray {
    return this.#children(field.chunks)
  }
  set chunks(value: DocumentInputs | undefined) {
    this[record].set(field.chunks, this.#family(field.chunks, value))
  }

  /** Documents found for this one, best first. Pushing one sets its adjacency to one more than here. */
  get matches(): DocumentArray {
    return this.#children(field.matches)
  }
  set matches(value: DocumentInputs | undefined) {
    this[record].set(field.matches, this.#family(field.matches, value))
  }

  get scores(): Scores {
    return this.#handOrMake(field.scores, () => ({})) as Scores
  }
  set scores(value: Scores | undefined) {
    this.#set(field.scores, value)
  }

  get evaluations(): Scores {
    return this.#handOrMake(field.evaluations, () => ({})) as Scores
  }
  set evaluations(value: Scores | undefined) {
    this.#set(field.evaluations, value)
  }

  /** The DocumentProto. A Document that nobody changed gives the bytes it came from. */
  toProtobuf(): Uint8Array {
    return this[record].toProtobuf()
  }

  /** The bytes are kept and read when fields are looked at; that throws MALFORMED where they are no DocumentProto. */
  static fromProtobuf(bytes: Uint8Array): Document {
    return new Document(new DocumentRecord({ bytes, start: 0, end: bytes.length }))
  }

  /** A plain object with DocArray v1's keys (`parent_id`, `mime_type`, …), null for what is empty. */
  toJSON(): DocumentJson {
    return toJson(this)
  }

  /** From such an object or its JSON text; every key may be missing. Throws INVALID_INPUT for values of the wrong type. */
  static fromJSON(json: unknown): Document {
    return fromJson(json, 0)
  }

  /** How `console.log` shows it: with the fields that are not empty. */
  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return `Document ${inspect(filledFields(this), options)}`
  }

  #text(number: number): string {
    return (this[record].get(number) as string | undefined) ?? ''
  }

  #set(number: number, value: unknown): void {
    this[record].set(number, checked(number, value))
  }

  #handOrMake(number: number, make: () => unknown): unknown {
    const value = this[record].hand(number)
    if (value !== undefined) return value
    const made = make()
    this[record].set(number, made)
    return made
  }

  #children(number: number): DocumentArray {
    const own = this[record]
    const bytes = own.undecoded(number)
    if (bytes === undefined) return this.#handOrMake(number, () => this.#family(number)) as DocumentArray
    const children = bytes.map(
      (child) =>
        new Document(new DocumentRecord({ bytes: child, start: 0, end: child.length }, own.depth + 1)),
    )
    const array = new DocumentArray(children, this.#adopt(number))
    own.set(number, array)
    return array
  }

  #family(number: number, documents?: DocumentInputs): DocumentArray {
    const array = new DocumentArray([], this.#adopt(number))
    if (documents !== undefined && documents !== null) array.extend(documents)
    return array
  }

  #adopt(number: number): (child: Document) => void {
    if (number === field.matches) return (match) => placeMatch(match, this)
    return (chunk) => placeChunk(chunk, this)
  }
}

const docsTag = 10

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
  #places: Map<string, number> | undefined
  /** Fields of the message that are not ours. */
  #unknown: Uint8Array[] | undefined

  /** `adopt` is told every Document that is pushed later; chunks and matches use it. */
  constructor(documents: DocumentInputs = [], adopt?: (document: Document) => void) {
    this.#documents = Array.from(documents, toDocument)
    this.#adopt = adopt
  }

  get length(): number {
    return this.#documents.length
  }

  [Symbol.iterator](): IterableIterator<Document> {
    return this.#documents[Symbol.iterator]()
  }

  /** Adds Documents at the end; gives the new length. */
  push(...documents: (Document | DocumentInit)[]): number {
    this.extend(documents)
    return this.#documents.length
  }

  /** Adds all of another array or iterable at the end. */
  extend(documents: DocumentInputs): void {
    this.#places = undefined
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
    if (this.#places === undefined) {
      this.#places = new Map()
      for (let at = this.length - 1; at >= 0; at--) this.#places.set(this.#documents[at]!.id, at)
    }
    const document = this.#documents[this.#places.get(id) ?? -1]
    if (document?.id === id) return document
    // ids may have been set since
    return this.#documents.find((candidate) => candidate.id === id)
  }

  /** Some of the Documents as an array of its own, by positions as in Array. */
  slice(start?: number, end?: number): DocumentArray {
    return new DocumentArray(this.#documents.slice(start, end))
  }

  /** The Documents at positions, with ids, or where a mask of the same length is true. Throws INVALID_INPUT for others. */
  pick(picks: Picks): DocumentArray {
    return new DocumentArray(pick(this, picks))
  }

  /**
   * One flat array of what a selector names: `@r` these Documents, `@c` their chunks, `@m` their matches, `@cm` matches of
   * chunks, `@c[0:2]m,r` slices and several paths. Throws INVALID_INPUT for what is no selector.
   */
  traverse(selector: string): DocumentArray {
    return new DocumentArray(selectDocuments(this, selector))
  }

  /** The texts, '' where there is none. */
  get texts(): string[] {
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

  /** All texts, stacked tensors, or blobs: what the first Document with content has. Setting goes by each value's type. */
  get contents(): string[] | Stacked | (Uint8Array | undefined)[] {
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

  /** Stacked as `tensors` are. Rows of a matrix that is set are not copied; taken back in order they are that matrix. */
  get embeddings(): Stacked {
    return stack(this.#documents.map((document) => document.embedding))
  }
  set embeddings(rows: Rows | undefined) {
    this.#eachRow(rows, (document, row) => (document.embedding = row))
  }

  /** Gives each Document its nearest ones of `candidates` as `matches`, closest first, in place of those it had. */
  match(candidates: DocumentArray, options: FindOptions = {}): void {
    const found = findNearest(this, candidates, options)
    for (const [index, document] of this.#documents.entries()) {
      document.matches = found[index]!.map((match) => toMatch(match, options))
    }
  }

  /** The Documents that pass a filter; for a vector or Document the nearest ones; for several of those a list each. */
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
    this.#places = undefined
    return this
  }

  /** The Documents in arrays of `size`; the last one may be shorter. */
  *batch(size: number): Generator<DocumentArray, void, undefined> {
    if (!Number.isInteger(size) || size < 1) {
      throw new MillraceError('INVALID_INPUT', `A batch has a size from 1, got ${size}.`)
    }
    for (let start = 0; start < this.length; start += size) yield this.slice(start, start + size)
  }

  /**
   * Merges others into this array, by id: what is set here stays, what is empty is taken from the others, new Documents
   * come to the end; chunks and matches likewise, unsorted (DocArray v1).
   */
  reduce(...others: Iterable<Document>[]): this {
    for (const other of others) reduceInto(this, other)
    return this
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
      const at = reader.position
      reader.skip(tag)
      const end = reader.position
      if (tag !== docsTag) {
        ;(array.#unknown ??= []).push(bytes.subarray(from, end))
        continue
      }
      // bytes() would make a view for every Document
      reader.position = at
      const start = end - reader.uint32()
      reader.position = end
      array.#documents.push(new Document(new DocumentRecord({ bytes, start, end })))
    }
    return array
  }

  toJSON(): DocumentJson[] {
    return this.#documents.map((document) => document.toJSON())
  }

  /** From a list of what `Document.fromJSON` takes, or the JSON text of one. Throws INVALID_INPUT for anything else. */
  static fromJSON(json: unknown): DocumentArray {
    const list = typeof json === 'string' ? parse(json) : json
    if (Array.isArray(list)) return new DocumentArray(list.map((entry: unknown) => fromJson(entry, 0)))
    throw new MillraceError('INVALID_INPUT', `Documents must be a list in JSON, got ${typeof list}.`)
  }

  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return `DocumentArray(${this.length}) ${inspect(this.#documents, options)}`
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
    for (const document of this.#documents) document[record].write(writer, 1)
    for (const fields of this.#unknown ?? []) writer.raw(fields)
  }
}

/** Writes the fields of a DocumentArrayProto into a message that contains one. */
export function encodeDocuments(writer: Writer, documents: DocumentArray): void {
  documents.writeTo(writer)
}

/** Bytes that `encodeDocuments` will write, nearly; a Writer made for so many will hardly grow. */
export function documentsLength(documents: DocumentArray): number {
  let length = 64
  for (const document of documents) length += document[record].length() + 8
  return length
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

/** Says whose chunk a Document is and at which level it and its own chunks are. */
function placeChunk(chunk: Document, parent: Document, depth = 0): void {
  if (chunk.parentId !== parent.id) chunk.parentId = parent.id
  const granularity = parent.granularity + 1
  if (chunk.granularity === granularity) return
  chunk.granularity = granularity
  if (chunk[record].isEmpty(field.chunks)) return
  requireShallow(depth)
  for (const inner of chunk.chunks) placeChunk(inner, chunk, depth + 1)
}

function placeMatch(match: Document, parent: Document, depth = 0): void {
  const adjacency = parent.adjacency + 1
  if (match.adjacency === adjacency) return
  match.adjacency = adjacency
  if (match[record].isEmpty(field.matches)) return
  requireShallow(depth)
  for (const inner of match.matches) placeMatch(inner, match, depth + 1)
}

/** A found Document as a match: a copy without matches of its own, with the distance as its score. */
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

function fromJson(json: unknown, depth: number): Document {
  const { chunks, matches, ...init } = initFromJson(json, depth)
  const document = new Document(init)
  for (const chunk of chunks) adoptAgain(document.chunks, fromJson(chunk, depth + 1))
  for (const match of matches) adoptAgain(document.matches, fromJson(match, depth + 1))
  return document
}

/** Pushes a Document that may know already whose it is. */
function adoptAgain(family: DocumentArray, child: Document): void {
  const { parentId, granularity, adjacency } = child
  family.push(child)
  if (parentId !== '') child.parentId = parentId
  if (granularity !== 0) child.granularity = granularity
  if (adjacency !== 0) child.adjacency = adjacency
}

function tensorOrNothing(value: TensorLike | undefined): Tensor | undefined {
  return value === undefined || value === null ? undefined : toTensor(value)
}
