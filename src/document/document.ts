import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'
import { decodeField, encodeField, fieldLength, type Source } from './codec.js'
import { DocumentArray, type DocumentInputs } from './document-array.js'
import { allOf, contentFields, copyFields, field, presentFields } from './fields.js'
import { randomId } from './id.js'
import { guessMimeType } from './mime.js'
import type { Scores } from './score.js'
import { type Tensor, type TensorLike, toTensor } from './tensor.js'

/** What a new Document may be told; keys that are none of these go to `tags`, as in DocArray v1. */
export interface DocumentInit {
  /** Defaults to 32 random hex characters. */
  readonly id?: string
  readonly text?: string
  readonly blob?: Uint8Array
  readonly tensor?: TensorLike
  /** Text, bytes or a tensor: set as the one of the three that fits its type. */
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

export type Content = string | Uint8Array | TensorLike

/** Levels of chunks and matches in one Document. */
const maxDepth = 64

const undecoded = Symbol('undecoded')

/** Fields whose value can be changed in place: whoever gets one may have changed it. */
const mutableFields =
  (1 << field.tensor) |
  (1 << field.embedding) |
  (1 << field.location) |
  (1 << field.chunks) |
  (1 << field.matches) |
  (1 << field.tags) |
  (1 << field.scores) |
  (1 << field.evaluations)

// What the neighbours need and users do not: given by the class, because only it sees its private parts.

/** A Document over a part of some bytes. */
export let decodeDocument: (source: Source, depth: number) => Document
/** Writes a Document as a nested message. */
export let encodeDocument: (
  writer: Writer,
  number: number,
  nested: { document: Document; depth: number },
) => void
/** Bytes that a Document will take, nearly. */
export let lengthOf: (document: Document) => number
/** A field's value for somebody who will not change it. */
export let peek: (document: Document, number: number) => unknown

/**
 * A Document of DocArray v1.
 *
 * 1. A decoded Document keeps its bytes; a field is decoded when somebody looks at it.
 * 2. Encoding writes only fields that were set, or handed out as a value that can be changed; all other bytes, unknown
 *    fields too, go on as they came.
 * 3. Of text, blob and tensor at most one is there; setting one removes the others.
 *
 * @example
 * const document = new Document({ text: 'hello', lang: 'en' }) // tags: { lang: 'en' }
 * document.embedding = [0.1, 0.2]
 * document.chunks.push(new Document({ text: 'hel' }))
 */
export class Document {
  #source: Source | undefined
  /** Bits of fields on the wire; known after the first look. */
  #present = -1
  /** Bits of fields whose value is in #values. */
  #known = 0
  /** Bits of fields that must be written from #values. */
  #changed = 0
  #values: unknown[] = []
  #depth = 0

  /** Throws INVALID_INPUT for values of the wrong type. */
  constructor(init?: DocumentInit | typeof undecoded) {
    if (init === undecoded) return
    this.#present = 0
    this.#set(field.id, init?.id ?? randomId())
    if (init !== undefined) assign(this, init)
  }

  get id(): string {
    return this.#text(field.id)
  }
  set id(value: string) {
    this.#set(field.id, value)
  }

  get text(): string {
    return this.#text(field.text)
  }
  set text(value: string | undefined) {
    this.#setContent(field.text, value)
  }

  get blob(): Uint8Array | undefined {
    return this.#get(field.blob) as Uint8Array | undefined
  }
  set blob(value: Uint8Array | undefined) {
    this.#setContent(field.blob, value)
  }

  get tensor(): Tensor | undefined {
    return this.#hand(field.tensor) as Tensor | undefined
  }
  set tensor(value: TensorLike | undefined) {
    this.#setContent(field.tensor, value === undefined ? undefined : toTensor(value))
  }

  /** The one of text, tensor and blob that is set; undefined when none is. */
  get content(): string | Uint8Array | Tensor | undefined {
    const kind = this.#contentField()
    return kind === 0 ? undefined : (this.#hand(kind) as string | Uint8Array | Tensor)
  }
  /** A string becomes `text`, a Uint8Array `blob`, anything else `tensor`. */
  set content(value: Content | undefined) {
    if (typeof value === 'string') this.text = value
    else if (value instanceof Uint8Array) this.blob = value
    else this.tensor = value
  }

  /** Which of the three `content` is. */
  get contentType(): 'text' | 'tensor' | 'blob' | undefined {
    const kind = this.#contentField()
    if (kind === 0) return undefined
    return kind === field.text ? 'text' : kind === field.tensor ? 'tensor' : 'blob'
  }

  get embedding(): Tensor | undefined {
    return this.#hand(field.embedding) as Tensor | undefined
  }
  set embedding(value: TensorLike | undefined) {
    this.#set(field.embedding, value === undefined ? undefined : toTensor(value))
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

  /** As set; else guessed from the end of `uri`; else `text/plain` when there is text; else empty. */
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
    return this.#get(field.weight) as number | undefined
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
    return (this.#get(field.granularity) as number | undefined) ?? 0
  }
  set granularity(value: number | undefined) {
    this.#set(field.granularity, value)
  }

  /** How many match levels away from its root a Document is. */
  get adjacency(): number {
    return (this.#get(field.adjacency) as number | undefined) ?? 0
  }
  set adjacency(value: number | undefined) {
    this.#set(field.adjacency, value)
  }

  get offset(): number | undefined {
    return this.#get(field.offset) as number | undefined
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
    return this.#handOrMake(field.chunks, () => this.#children(field.chunks)) as DocumentArray
  }
  set chunks(value: DocumentInputs | undefined) {
    this.#set(field.chunks, value === undefined ? undefined : this.#children(field.chunks, value))
  }

  /** Documents found for this one. Pushing one sets its adjacency to one more than here. */
  get matches(): DocumentArray {
    return this.#handOrMake(field.matches, () => this.#children(field.matches)) as DocumentArray
  }
  set matches(value: DocumentInputs | undefined) {
    this.#set(field.matches, value === undefined ? undefined : this.#children(field.matches, value))
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

  /** The DocumentProto: the bytes it came from when nothing was changed. */
  toProtobuf(): Uint8Array {
    if (this.#changed === 0 && this.#source !== undefined) {
      return this.#source.bytes.subarray(this.#source.start, this.#source.end)
    }
    const writer = new Writer(this.#length())
    this.#encode(writer, 0)
    return writer.finish()
  }

  /** Fields are decoded, and bytes that are no DocumentProto refused (MALFORMED), when they are first looked at. */
  static fromProtobuf(bytes: Uint8Array): Document {
    return decodeDocument({ bytes, start: 0, end: bytes.length }, 0)
  }

  #text(number: number): string {
    return (this.#get(number) as string | undefined) ?? ''
  }

  #get(number: number): unknown {
    const bit = 1 << number
    if ((this.#known & bit) !== 0) return this.#values[number]
    if (this.#present === -1) this.#scan()
    if ((this.#present & bit) === 0) return undefined
    const source = this.#source!
    const children = number === field.chunks || number === field.matches
    const value = children ? this.#decodeChildren(number, source) : decodeField(number, source)
    this.#values[number] = value
    this.#known |= bit
    return value
  }

  /** The value for somebody who may change it. */
  #hand(number: number): unknown {
    const value = this.#get(number)
    if (value !== undefined) this.#changed |= (1 << number) & mutableFields
    return value
  }

  #handOrMake(number: number, make: () => unknown): unknown {
    const value = this.#hand(number)
    if (value !== undefined) return value
    const made = make()
    this.#set(number, made)
    return made
  }

  #set(number: number, value: unknown): void {
    this.#values[number] = value
    this.#known |= 1 << number
    this.#changed |= 1 << number
  }

  #setContent(number: number, value: unknown): void {
    if (value === undefined && this.#contentField() !== number) return
    this.#values[field.text] = this.#values[field.tensor] = this.#values[field.blob] = undefined
    this.#known |= contentFields
    this.#changed |= contentFields
    this.#values[number] = value
  }

  #contentField(): number {
    const has = (number: number): boolean => {
      const bit = 1 << number
      if ((this.#known & bit) !== 0) return this.#values[number] !== undefined
      if (this.#present === -1) this.#scan()
      return (this.#present & bit) !== 0
    }
    if (has(field.text)) return field.text
    if (has(field.tensor)) return field.tensor
    return has(field.blob) ? field.blob : 0
  }

  #scan(): void {
    const { bytes, start, end } = this.#source!
    this.#present = presentFields(bytes, start, end)
  }

  #children(number: number, documents: DocumentInputs = []): DocumentArray {
    const array = new DocumentArray([], number === field.chunks ? this.#adoptChunk : this.#adoptMatch)
    array.push(...documents)
    return array
  }

  readonly #adoptChunk = (chunk: Document): void => {
    chunk.parentId = this.id
    chunk.granularity = this.granularity + 1
  }

  readonly #adoptMatch = (match: Document): void => {
    match.adjacency = this.adjacency + 1
  }

  #decodeChildren(number: number, { bytes, start, end }: Source): DocumentArray {
    const depth = this.#depth + 1
    const documents = allOf(number, bytes, start, end).map((child) =>
      decodeDocument({ bytes: child, start: 0, end: child.length }, depth),
    )
    return new DocumentArray(documents, number === field.chunks ? this.#adoptChunk : this.#adoptMatch)
  }

  #length(): number {
    let length = this.#source === undefined ? 0 : this.#source.end - this.#source.start
    for (let rest = this.#changed; rest !== 0; rest &= rest - 1) {
      const number = 31 - Math.clz32(rest & -rest)
      const value = this.#values[number]
      if (value !== undefined) length += fieldLength(number, value)
    }
    return length + 16
  }

  #encode(writer: Writer, depth: number): void {
    if (depth > maxDepth) {
      throw new MillraceError('INVALID_INPUT', `Documents are nested deeper than ${maxDepth} levels.`)
    }
    if (this.#source !== undefined) copyFields(writer, this.#changed, this.#source)
    for (let rest = this.#changed; rest !== 0; rest &= rest - 1) {
      const number = 31 - Math.clz32(rest & -rest)
      const value = this.#values[number]
      if (value === undefined) continue
      if (number === field.chunks || number === field.matches) {
        for (const child of value as DocumentArray) encodeDocument(writer, number, { document: child, depth })
      } else encodeField(writer, number, value)
    }
  }

  static {
    decodeDocument = (source, depth) => {
      if (depth > maxDepth) {
        throw new MillraceError('MALFORMED', `Documents are nested deeper than ${maxDepth} levels.`)
      }
      const document = new Document(undecoded)
      document.#source = source
      document.#depth = depth
      return document
    }
    encodeDocument = (writer, number, { document, depth }) => {
      const source = document.#source
      if (document.#changed === 0 && source !== undefined) {
        writer.bytes(number, source.bytes.subarray(source.start, source.end))
        return
      }
      const mark = writer.fork(number, document.#length())
      document.#encode(writer, depth + 1)
      writer.join(mark)
    }
    lengthOf = (document) => document.#length()
    peek = (document, number) => document.#get(number)
  }
}

const settable = new Set([...Object.keys(field), 'content'])

function assign(document: Document, init: DocumentInit): void {
  let unknown: Record<string, unknown> | undefined
  for (const [key, value] of Object.entries(init)) {
    if (value === undefined || key === 'id') continue
    if (settable.has(key)) (document as unknown as Record<string, unknown>)[key] = value
    else (unknown ??= {})[key] = value
  }
  if (unknown !== undefined) document.tags = { ...document.tags, ...unknown }
}
