import { checked } from './check.js'
import { DocumentArray } from './document-array.js'
import { requireV1 } from './document-version.js'
import { field } from './fields.js'
import { randomId } from './id.js'
import { assign, type Content, type DocumentInit, type DocumentInputs } from './inputs.js'
import { filledFields, type Inspect, inspectSymbol } from './inspect.js'
import { type DocumentJson, initFromJson, toJson } from './json.js'
import { within } from './json-place.js'
import { guessMimeType } from './mime.js'
import { adoptChunk, adoptMatch } from './adopt.js'
import { DocumentRecord, record } from './record.js'
import type { Scores } from './score.js'
import { type Tensor, type TensorLike, toTensor } from './tensor.js'

// Documents hold DocumentArrays and vice versa, so this file and document-array.ts import each other. Neither uses the other's
// class while it is loaded, so either can be loaded first.

/**
 * A Document of DocArray v1. A decoded Document keeps its bytes and decodes a field on first access; untouched fields are
 * encoded unchanged. Setters throw INVALID_INPUT for values of the wrong type.
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
    const id = init?.id ?? undefined
    if (id === undefined) this[record].set(field.id, randomId())
    else this.id = id
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

  /** A view of the bytes that the Document was decoded from. Setting it removes `text` and `tensor`. */
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

  /** Text, tensor or blob, whichever is set; undefined when none is. */
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

  /** Free properties, a google.protobuf.Struct: numbers are doubles. */
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

  /** The type as set; otherwise guessed from the end of `uri`; otherwise `text/plain` if there is text; otherwise ''. */
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

  /** Parts of this Document. Pushing a Document sets its parentId, and its granularity to one more than here. */
  get chunks(): DocumentArray {
    return this.#children(field.chunks)
  }
  set chunks(value: DocumentInputs | undefined) {
    this[record].set(field.chunks, this.#family(field.chunks, value))
  }

  /** Documents found for this one, best first. Pushing a Document sets its adjacency to one more than here. */
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

  /** The bytes of a DocumentProto; the original bytes when nothing was changed. */
  toProtobuf(): Uint8Array {
    return this[record].toProtobuf()
  }

  /** Keeps the bytes, which must not be written to, and decodes fields on access: malformed bytes throw MALFORMED then. */
  static fromProtobuf(bytes: Uint8Array): Document {
    requireV1(bytes, 0, bytes.length)
    return new Document(new DocumentRecord({ bytes, start: 0, end: bytes.length }))
  }

  /** A plain object with DocArray v1's keys (`parent_id`, `mime_type`, …), null for empty values. */
  toJSON(): DocumentJson {
    return toJson(this)
  }

  /** From an object in the format of `toJSON`, or its JSON text; all keys are optional. Throws INVALID_INPUT for wrong types. */
  static fromJSON(json: unknown): Document {
    return documentFromJson(json, 0)
  }

  /** The output of `console.log`: the fields with values. */
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
    if (number === field.matches) return (match) => adoptMatch(match, this)
    return (chunk) => adoptChunk(chunk, this)
  }
}

/** @internal `depth` counts from the outermost Document, so that nesting is bounded. */
export function documentFromJson(json: unknown, depth: number): Document {
  const { chunks, matches, ...init } = initFromJson(json, depth)
  const document = new Document(init)
  for (const [at, chunk] of chunks.entries())
    adoptAgain(document.chunks, nestedFromJson(chunk, depth + 1, ['chunks', at]))
  for (const [at, match] of matches.entries())
    adoptAgain(document.matches, nestedFromJson(match, depth + 1, ['matches', at]))
  return document
}

/** @internal Adds `place` to the place of an error. */
export function nestedFromJson(json: unknown, depth: number, place: readonly (string | number)[]): Document {
  try {
    return documentFromJson(json, depth)
  } catch (error) {
    throw within(error, ...place)
  }
}

/** Pushes a Document that may already have its parent and level. */
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
