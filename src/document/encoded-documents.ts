import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { requireV1 } from './document-version.js'
import { contentFields, copyFields, field, presentFields, textIn } from './fields.js'
import type { Tensor } from './tensor.js'
import { encodeTensor, tensorLength } from './tensor-encode.js'

const docsTag = 10

/**
 * The Documents of a DocumentArrayProto while they are bytes. Texts are read and embeddings set for the whole list, because
 * objects for each Document would cost more than the bytes.
 *
 * 1. `made` is set once. From then on the Documents count, and `embeddings` does not.
 * 2. Arrays that have the same Documents share this object, so all of them see the same Documents and embeddings.
 */
export class EncodedDocuments<Made> {
  readonly bytes: Uint8Array
  /** Unknown fields of the message. */
  readonly unknown: readonly Uint8Array[] | undefined
  /** The objects for these Documents, once they are needed. */
  made: readonly Made[] | undefined
  /** Embeddings that replace those in the bytes, one for each Document. */
  embeddings: readonly (Tensor | undefined)[] | undefined
  /** Where each Document begins and ends in `bytes`. */
  readonly #bounds: number[] = []
  #texts: readonly string[] | undefined

  /** Throws MALFORMED for bytes that are not a DocumentArrayProto, UNSUPPORTED for Documents of DocArray v2. */
  constructor(bytes: Uint8Array) {
    let unknown: Uint8Array[] | undefined
    const reader = new Reader(bytes)
    while (!reader.done) {
      const from = reader.position
      const tag = reader.tag()
      if (tag !== docsTag) {
        reader.skip(tag)
        ;(unknown ??= []).push(bytes.subarray(from, reader.position))
        continue
      }
      // bytes() would create a view for every Document
      const length = reader.span()
      const end = reader.position
      requireV1(bytes, end - length, end)
      this.#bounds.push(end - length, end)
    }
    this.bytes = bytes
    this.unknown = unknown
  }

  get length(): number {
    return this.#bounds.length / 2
  }

  /** What `give` returns for each Document. */
  map<T>(give: (start: number, end: number, index: number) => T): T[] {
    const bounds = this.#bounds
    const given: T[] = []
    for (let at = 0; at < bounds.length; at++) given.push(give(bounds[at]!, bounds[++at]!, at >> 1))
    return given
  }

  /** Whether the first Document with content has a text, or there is no content at all. Throws MALFORMED. */
  beginsWithText(): boolean {
    const bounds = this.#bounds
    for (let at = 0; at < bounds.length; at += 2) {
      const content = presentFields(this.bytes, bounds[at]!, bounds[at + 1]!) & contentFields
      if (content !== 0) return content === 1 << field.text
    }
    return true
  }

  /** The texts, '' for Documents without one. Throws MALFORMED. */
  readTexts(): readonly string[] {
    return (this.#texts ??= this.map((start, end) => textIn(field.text, this.bytes, start, end)))
  }

  /** Approximate number of bytes that `writeList` writes. */
  encodedLength(): number {
    let length = this.bytes.length + 8 * this.length
    for (const tensor of this.embeddings ?? []) if (tensor !== undefined) length += tensorLength(tensor) + 4
    return length
  }

  /** Writes the Documents as field 1, with `embeddings` if there are any. Not for `made` ones. Throws MALFORMED. */
  writeList(writer: Writer): void {
    const embeddingBit = 1 << field.embedding
    const { bytes, embeddings } = this
    const bounds = this.#bounds
    for (let at = 0; at < bounds.length; at += 2) {
      const start = bounds[at]!
      const end = bounds[at + 1]!
      if (embeddings === undefined) {
        writer.bytes(1, bytes.subarray(start, end))
        continue
      }
      const embedding = embeddings[at / 2]
      const expected = embedding === undefined ? 0 : tensorLength(embedding)
      const mark = writer.fork(1, end - start + expected)
      if ((presentFields(bytes, start, end) & embeddingBit) === 0) writer.raw(bytes.subarray(start, end))
      else copyFields(writer, embeddingBit, { bytes, start, end })
      if (embedding !== undefined) encodeTensor(writer, field.embedding, embedding)
      writer.join(mark)
    }
  }
}
