import { MillraceError } from '../../errors.js'
import { decodeText } from './text.js'

/** Wire types of protobuf (protobuf.dev, "Encoding"). */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const

/** Reads a float without a view of its message: a view for each message would cost more than the float. */
const bits = new Int32Array(1)
const floats = new Float32Array(bits.buffer)

/**
 * A cursor over protobuf bytes. Every read checks its bounds and throws MALFORMED; `bytes()` gives views, never copies.
 *
 * @example
 * const reader = new Reader(bytes)
 * while (!reader.done) {
 *   const tag = reader.tag()
 *   if (tag >>> 3 === 1) id = reader.string()
 *   else reader.skip(tag)
 * }
 */
export class Reader {
  readonly buffer: Uint8Array
  position: number
  readonly end: number
  #view: DataView | undefined

  constructor(buffer: Uint8Array, start = 0, end: number = buffer.length) {
    this.buffer = buffer
    this.position = start
    this.end = end
  }

  get done(): boolean {
    return this.position >= this.end
  }

  /** Field number and wire type in one: `tag >>> 3` and `tag & 7`. */
  tag(): number {
    const start = this.position
    const tag = this.uint32()
    const length = this.position - start
    if (length > 5 || (length === 5 && this.buffer[start + 4]! > 0x0f))
      throw malformed(`a tag of more than 32 bits at byte ${start}`)
    if (tag >>> 3 === 0) throw malformed(`field number 0 at byte ${this.position}`)
    return tag
  }

  uint32(): number {
    const { buffer, end } = this
    let at = this.position
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw truncated(at)
      const byte = buffer[at++]!
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = at
        return value >>> 0
      }
    }
    // a negative int32 takes ten bytes; the upper half carries no information
    for (let extra = 0; extra < 5; extra++) {
      if (at >= end) throw truncated(at)
      if (buffer[at++]! < 0x80) {
        this.position = at
        return value >>> 0
      }
    }
    throw malformed(`a varint of more than ten bytes at byte ${this.position}`)
  }

  int32(): number {
    return this.uint32() | 0
  }

  bool(): boolean {
    return this.int64() !== 0n
  }

  int64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw truncated(this.position)
      const byte = this.buffer[this.position++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw malformed(`a varint of more than ten bytes at byte ${this.position}`)
  }

  /** An int64 as a double, which holds up to 53 bits exactly. */
  int64AsNumber(): number {
    const start = this.position
    let value = 0
    let factor = 1
    // seven bytes hold 49 bits; more of them are rare
    for (let at = start; at < this.end && at < start + 7; at++, factor *= 128) {
      const byte = this.buffer[at]!
      value += (byte & 0x7f) * factor
      if (byte > 0x7f) continue
      this.position = at + 1
      return value
    }
    return Number(this.int64())
  }

  float(): number {
    const at = this.#take(4)
    const { buffer } = this
    bits[0] = buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)
    return floats[0]!
  }

  double(): number {
    const at = this.#take(8)
    return this.#dataView().getFloat64(at, true)
  }

  /** A view of a length-delimited field. */
  bytes(): Uint8Array {
    const length = this.uint32()
    const at = this.#take(length)
    return this.buffer.subarray(at, at + length)
  }

  /** Steps over a length-delimited field without making a view; returns its length. The field ends at `position` then. */
  span(): number {
    const length = this.uint32()
    this.#take(length)
    return length
  }

  /** A reader of the nested message that is the value of a field. */
  nested(): Reader {
    const length = this.span()
    return new Reader(this.buffer, this.position - length, this.position)
  }

  string(): string {
    const length = this.uint32()
    const at = this.#take(length)
    return decodeText(this.buffer, at, at + length)
  }

  /** Steps over the value of a field whose tag was just read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireType.varint:
        this.#skipVarint()
        return
      case wireType.fixed64:
        this.#take(8)
        return
      case wireType.bytes:
        this.#take(this.uint32())
        return
      case wireType.fixed32:
        this.#take(4)
        return
      case wireType.startGroup:
        this.#skipGroup(tag >>> 3, 0)
        return
      default:
        throw malformed(`wire type ${tag & 7} at byte ${this.position}`)
    }
  }

  #skipVarint(): void {
    for (let length = 0; length < 10; length++) {
      if (this.position >= this.end) throw truncated(this.position)
      if (this.buffer[this.position++]! < 0x80) return
    }
    throw malformed(`a varint of more than ten bytes at byte ${this.position}`)
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > 100) throw malformed('groups nested deeper than 100')
    for (;;) {
      const tag = this.tag()
      if ((tag & 7) === wireType.endGroup) {
        if (tag >>> 3 !== field) throw malformed(`group ${field} ended by ${tag >>> 3}`)
        return
      }
      if ((tag & 7) === wireType.startGroup) this.#skipGroup(tag >>> 3, depth + 1)
      else this.skip(tag)
    }
  }

  #take(length: number): number {
    const at = this.position
    if (length > this.end - at) throw truncated(at)
    this.position = at + length
    return at
  }

  #dataView(): DataView {
    const { buffer } = this
    return (this.#view ??= new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength))
  }
}

function truncated(at: number): MillraceError {
  return malformed(`it ends in the middle of a field, at byte ${at}`)
}

function malformed(what: string): MillraceError {
  return new MillraceError('MALFORMED', `These bytes are no protobuf message: ${what}.`)
}
