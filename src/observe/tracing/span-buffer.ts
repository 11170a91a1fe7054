import { allocate } from '../../lib/protobuf/text.js'
import { Writer, varintSize } from '../../lib/protobuf/writer.js'
import { Kept, spanAt, writeAttribute } from './span-form.js'
import type { RareFields, SpanEvent, SpanRecord } from './span-record.js'
import type { AttributeValue } from './span-values.js'
import type { TraceContext } from './trace-context.js'

/** `STATUS_CODE_ERROR` */
const statusError = 2

/** Number of the field `attributes` of a span, with its wire type. */
const attributesTag = (9 << 3) | 2

/** Bytes before the first span, for the envelope of the message. */
export const headroom = 1024

/** Room for a span beside its form, without long texts. */
const spare = 512

/** The field `key` of an attribute. */
const keys = new Kept((name) => {
  const writer = new Writer()
  writer.string(1, name)
  return writer.finish().slice()
})

/**
 * Spans that have been encoded, one after the other, each as the field `spans` of a `ScopeSpans` (opentelemetry/proto/trace/v1/trace.proto).
 * What a request may cost for all its spans is less than one takes in OpenTelemetry's encoder (docs/decisions/0053-traces.md), so a form is copied, and ids, times and
 * short texts are written over and behind it.
 */
export class SpanBuffer {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #at = headroom
  #count = 0

  constructor(expected: number) {
    this.#bytes = allocate(headroom + expected)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get count(): number {
    return this.#count
  }

  /** All memory: the spans are from `headroom` to `end`. What is before them may be written. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  get end(): number {
    return this.#at
  }

  /** Forgets all spans, and keeps the memory. */
  clear(): void {
    this.#at = headroom
    this.#count = 0
  }

  add(span: SpanRecord): void {
    const { form, trace, parent, attributes, rare } = span
    this.#reserve(form.length + spare)
    const start = this.#at
    const at = start + 3 // a tag, and a length of two bytes, which nearly all spans have
    this.#bytes.set(form, at)
    const view = this.#view
    view.setInt32(at + spanAt.trace, trace.a)
    view.setInt32(at + spanAt.trace + 4, trace.b)
    view.setInt32(at + spanAt.trace + 8, trace.c)
    view.setInt32(at + spanAt.trace + 12, trace.d)
    view.setInt32(at + spanAt.span, span.high)
    view.setInt32(at + spanAt.span + 4, span.low)
    this.#time(at + spanAt.start, span.start)
    this.#time(at + spanAt.end, span.endedAt)
    this.#at = at + form.length
    if (parent !== undefined) this.#parent(parent)
    if (attributes !== undefined)
      for (let index = 0; index < attributes.length; index += 2)
        this.#attribute(attributes[index] as string, attributes[index + 1]!)
    if (rare !== undefined) this.#raw(rareFields(rare))
    this.#close(start)
    this.#count++
  }

  #parent({ high, low }: TraceContext): void {
    const at = this.#at
    this.#bytes[at] = (4 << 3) | 2
    this.#bytes[at + 1] = 8
    this.#view.setInt32(at + 2, high)
    this.#view.setInt32(at + 6, low)
    this.#at = at + 10
  }

  /** Nanoseconds since the epoch; a double has them to a quarter of a microsecond. */
  #time(at: number, ms: number): void {
    const ns = ms * 1e6
    const high = Math.floor(ns / 2 ** 32)
    this.#view.setUint32(at, ns - high * 2 ** 32, true)
    this.#view.setUint32(at + 4, high, true)
  }

  #attribute(name: string, value: AttributeValue): void {
    const key = keys.get(name)
    if (typeof value === 'string' ? this.#text(key, value) : this.#fraction(key, value)) return
    const writer = new Writer()
    writeAttribute(writer, 9, name, value)
    this.#raw(writer.finish())
  }

  /** An attribute with a short text of ASCII; false when it is not one, and nothing is written. */
  #text(key: Uint8Array, value: string): boolean {
    const { length } = value
    const size = key.length + length + 4
    if (size > 0x7f) return false
    const from = this.#open(key, size)
    const bytes = this.#bytes
    bytes[from] = (2 << 3) | 2
    bytes[from + 1] = length + 2
    bytes[from + 2] = (1 << 3) | 2
    bytes[from + 3] = length
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[from + 4 + index] = code
    }
    this.#at = from + 4 + length
    return true
  }

  /** An attribute with a number that is no integer; false when it is something else, and nothing is written. */
  #fraction(key: Uint8Array, value: number | boolean): boolean {
    if (typeof value === 'boolean' || Number.isInteger(value) || key.length > 100) return false
    const from = this.#open(key, key.length + 11)
    this.#bytes[from] = (2 << 3) | 2
    this.#bytes[from + 1] = 9
    this.#bytes[from + 2] = (4 << 3) | 1
    this.#view.setFloat64(from + 3, value, true)
    this.#at = from + 11
    return true
  }

  /** Writes the start of an attribute of `size` bytes; returns where its value begins. */
  #open(key: Uint8Array, size: number): number {
    this.#reserve(size + 2)
    const at = this.#at
    const bytes = this.#bytes
    bytes[at] = attributesTag
    bytes[at + 1] = size
    const from = at + 2
    for (let index = 0; index < key.length; index++) bytes[from + index] = key[index]!
    return from + key.length
  }

  #raw(fields: Uint8Array): void {
    this.#reserve(fields.length)
    this.#bytes.set(fields, this.#at)
    this.#at += fields.length
  }

  /** Writes tag and length of the span that begins at `start`. */
  #close(start: number): void {
    let length = this.#at - start - 3
    const size = varintSize(length)
    if (size !== 2) {
      this.#reserve(size)
      this.#bytes.copyWithin(start + 1 + size, start + 3, this.#at)
      this.#at += size - 2
    }
    this.#bytes[start] = (2 << 3) | 2
    let at = start + 1
    for (; length > 0x7f; length >>>= 7) this.#bytes[at++] = (length & 0x7f) | 0x80
    this.#bytes[at] = length
  }

  #reserve(extra: number): void {
    const needed = this.#at + extra
    if (needed <= this.#bytes.length) return
    const grown = allocate(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** The fields of a span that few spans have. */
function rareFields({ events, links, droppedEvents, error }: RareFields): Uint8Array {
  const writer = new Writer()
  for (const event of events) writeEvent(writer, event)
  if (droppedEvents > 0) writer.uint32(12, droppedEvents)
  for (const link of links) writeLink(writer, link)
  if (error !== undefined) {
    const status = writer.fork(15)
    writer.string(2, error)
    writer.uint32(3, statusError)
    writer.join(status)
  }
  return writer.finish()
}

function writeEvent(writer: Writer, { name, time, attributes }: SpanEvent): void {
  const mark = writer.fork(11, 64)
  const ns = time * 1e6
  const high = Math.floor(ns / 2 ** 32)
  writer.fixed64(1, ns - high * 2 ** 32, high)
  writer.string(2, name)
  for (const key in attributes) writeAttribute(writer, 3, key, attributes[key]!)
  writer.join(mark)
}

function writeLink(writer: Writer, { trace: { a, b, c, d }, high, low }: TraceContext): void {
  const ids = new DataView(new ArrayBuffer(24))
  for (const [index, part] of [a, b, c, d, high, low].entries()) ids.setInt32(4 * index, part)
  const mark = writer.fork(13)
  writer.bytes(1, new Uint8Array(ids.buffer, 0, 16))
  writer.bytes(2, new Uint8Array(ids.buffer, 16, 8))
  writer.join(mark)
}
