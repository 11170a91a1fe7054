import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'
import { decodeField, encodeField, fieldLength, type Source } from './codec.js'
import type { Nodes } from './v2/node.js'
import { allOf, contentFields, copyFields, field, presentFields } from './fields.js'

/** The property of a Document that holds its record; only for this folder. */
export const record: unique symbol = Symbol('record')

/** An object with a record: a Document. */
export interface Recorded {
  readonly [record]: DocumentRecord
}

/** Most levels of chunks and matches in one Document. */
export const maxDepth = 64

/** Fields with mutable values: a caller that was given one may have changed it. */
const mutableFields =
  (1 << field.tensor) |
  (1 << field.embedding) |
  (1 << field.location) |
  (1 << field.tags) |
  (1 << field.scores) |
  (1 << field.evaluations)

/** Fields that are cheap to decode and may be present with an empty value. */
const scalarFields =
  (1 << field.text) |
  (1 << field.granularity) |
  (1 << field.adjacency) |
  (1 << field.parentId) |
  (1 << field.weight) |
  (1 << field.uri) |
  (1 << field.modality) |
  (1 << field.mimeType) |
  (1 << field.offset)

/**
 * The fields of one Document by their number on the wire.
 *
 * 1. A decoded record keeps its bytes; a field is decoded on first access.
 * 2. Encoding writes only fields that were set, or returned as a mutable value; all other bytes, unknown fields included,
 *    are copied unchanged.
 * 3. At most one of text, blob and tensor is present.
 */
export class DocumentRecord {
  readonly #source: Source | undefined
  /** How many Documents this one is nested in. */
  readonly depth: number
  /** Bits of fields on the wire; -1 until they are scanned. */
  #present: number
  /** Bits of fields whose value is in #values. */
  #known = 0
  /** Bits of fields that are written from #values. */
  #changed = 0
  #values: unknown[] = []
  /** The fields of a document of DocArray v2 that this record was read from. */
  nodes: Nodes | undefined

  /** Throws MALFORMED when nested too deep; the bytes are decoded later. */
  constructor(source?: Source, depth = 0) {
    if (depth > maxDepth) {
      throw new MillraceError('MALFORMED', `Documents are nested deeper than ${maxDepth} levels.`)
    }
    this.#source = source
    this.depth = depth
    this.#present = source === undefined ? 0 : -1
  }

  /** A copy that can be changed on its own; its values are shared. */
  copy(): DocumentRecord {
    const copy = new DocumentRecord(this.#source, this.depth)
    copy.#present = this.#present
    copy.#known = this.#known
    copy.#changed = this.#changed
    copy.#values = this.#values.slice()
    copy.nodes = this.nodes
    return copy
  }

  /** The value, for a caller that will not change it. */
  get(number: number): unknown {
    const bit = 1 << number
    if ((this.#known & bit) !== 0) return this.#values[number]
    if ((this.#fields() & bit) === 0) return undefined
    const value = decodeField(number, this.#source!)
    this.#values[number] = value
    this.#known |= bit
    return value
  }

  /** The value, for a caller that may change it. */
  hand(number: number): unknown {
    const value = this.get(number)
    if (value !== undefined) this.#changed |= (1 << number) & mutableFields
    return value
  }

  set(number: number, value: unknown): void {
    const bit = 1 << number
    this.#values[number] = value
    this.#known |= bit
    this.#changed |= bit
  }

  /** Sets text, tensor or blob and removes the other two; undefined only removes the named one. */
  setContent(number: number, value: unknown): void {
    if (value === undefined && this.contentField() !== number) return
    this.#values[field.text] = this.#values[field.tensor] = this.#values[field.blob] = undefined
    this.#values[number] = value
    this.#known |= contentFields
    this.#changed |= contentFields
  }

  /** Which of text, tensor and blob is present, even if empty; 0 for none. */
  contentField(): number {
    if (this.#has(field.text)) return field.text
    if (this.#has(field.tensor)) return field.tensor
    return this.#has(field.blob) ? field.blob : 0
  }

  /** Whether the value is missing, or equals the default on the wire: '', 0, {}, []. */
  isEmpty(number: number): boolean {
    if (!this.#has(number)) return true
    const bit = 1 << number
    if ((this.#known & bit) === 0 && (scalarFields & bit) === 0) return false
    const value = this.get(number)
    if (value === '' || value === 0) return true
    if (typeof value !== 'object' || value === null) return false
    if ('length' in value) return value.length === 0
    return number >= field.tags && Object.keys(value).length === 0
  }

  /** The bytes of chunks or matches; undefined when they were set or decoded already. */
  undecoded(number: number): Uint8Array[] | undefined {
    const bit = 1 << number
    if ((this.#known & bit) !== 0 || (this.#fields() & bit) === 0) return undefined
    const { bytes, start, end } = this.#source!
    return allOf(number, bytes, start, end)
  }

  /** Approximate encoded size in bytes. */
  length(): number {
    let length = this.#source === undefined ? 16 : this.#source.end - this.#source.start
    for (let rest = this.#changed; rest !== 0; rest &= rest - 1) {
      const number = 31 - Math.clz32(rest & -rest)
      const value = this.#values[number]
      if (value === undefined) continue
      if (number !== field.chunks && number !== field.matches) length += fieldLength(number, value)
      else for (const child of value as Iterable<Recorded>) length += child[record].length()
    }
    return length
  }

  /** The original bytes when nothing was changed. */
  toProtobuf(): Uint8Array {
    if (this.#source !== undefined && this.#changed === 0) {
      return this.#source.bytes.subarray(this.#source.start, this.#source.end)
    }
    const writer = new Writer(this.length())
    this.#writeFields(writer, 0)
    return writer.finish()
  }

  /** Writes this as a nested message. Throws INVALID_INPUT when nested deeper than 64. */
  write(writer: Writer, number: number, depth = 0): void {
    if (this.#source !== undefined && this.#changed === 0) {
      writer.bytes(number, this.#source.bytes.subarray(this.#source.start, this.#source.end))
      return
    }
    const mark = writer.fork(number, this.length())
    this.#writeFields(writer, depth)
    writer.join(mark)
  }

  #writeFields(writer: Writer, depth: number): void {
    requireShallow(depth)
    if (this.#source !== undefined) this.#copyUnchanged(writer, this.#source)
    for (let rest = this.#changed; rest !== 0; rest &= rest - 1) {
      const number = 31 - Math.clz32(rest & -rest)
      const value = this.#values[number]
      if (value === undefined) continue
      if (number !== field.chunks && number !== field.matches) encodeField(writer, number, value)
      else for (const child of value as Iterable<Recorded>) child[record].write(writer, number, depth + 1)
    }
  }

  #copyUnchanged(writer: Writer, source: Source): void {
    const replaced = this.#fields() & this.#changed
    if (replaced === 0) writer.raw(source.bytes.subarray(source.start, source.end))
    else copyFields(writer, this.#changed, source)
  }

  #has(number: number): boolean {
    const bit = 1 << number
    if ((this.#known & bit) !== 0) return this.#values[number] !== undefined
    return (this.#fields() & bit) !== 0
  }

  #fields(): number {
    if (this.#present === -1) {
      const { bytes, start, end } = this.#source!
      this.#present = presentFields(bytes, start, end)
    }
    return this.#present
  }
}

/** Throws INVALID_INPUT below the deepest allowed level, which also stops cycles. */
export function requireShallow(depth: number): void {
  if (depth <= maxDepth) return
  throw new MillraceError('INVALID_INPUT', `Documents are nested deeper than ${maxDepth} levels.`)
}
