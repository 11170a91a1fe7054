import { wireType } from './reader.js'
import { allocate, encodedLength, encodeText } from './text.js'

/** A string of so many UTF-16 units has a length of one byte: each unit takes three bytes at most. */
const surelyShort = Math.floor(0x7f / 3)

/**
 * Protobuf bytes in one growing buffer. A nested message is written in place: `fork` leaves room for its length,
 * `join` fills it in, and moves the message only when the room was guessed wrong.
 *
 * @example
 * const writer = new Writer(1024)
 * writer.string(1, document.id)
 * const chunk = writer.fork(14)
 * writer.string(1, chunkId)
 * writer.join(chunk)
 * return writer.finish()
 */
export class Writer {
  #buffer: Uint8Array<ArrayBuffer>
  #view: DataView
  #at = 0

  /** @param expected bytes likely to be written; a good guess saves copies */
  constructor(expected = 256) {
    this.#buffer = allocate(expected)
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.byteLength)
  }

  get length(): number {
    return this.#at
  }

  /** The bytes written; the buffer belongs to the caller from now on. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#at)
  }

  uint32(field: number, value: number): void {
    this.#reserve(15)
    this.#varint((field << 3) | wireType.varint)
    this.#varint(value)
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0)
  }

  /** int64 as a varint; negative values take ten bytes. */
  int64(field: number, value: bigint): void {
    this.#reserve(15)
    this.#varint((field << 3) | wireType.varint)
    let rest = BigInt.asUintN(64, value)
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  float(field: number, value: number): void {
    this.#reserve(9)
    this.#varint((field << 3) | wireType.fixed32)
    this.#view.setFloat32(this.#at, value, true)
    this.#at += 4
  }

  double(field: number, value: number): void {
    this.#reserve(13)
    this.#varint((field << 3) | wireType.fixed64)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** fixed64, as the lower and the higher 32 bits. */
  fixed64(field: number, low: number, high: number): void {
    this.#reserve(13)
    this.#varint((field << 3) | wireType.fixed64)
    this.#view.setUint32(this.#at, low, true)
    this.#view.setUint32(this.#at + 4, high, true)
    this.#at += 8
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(10 + value.length)
    this.#varint((field << 3) | wireType.bytes)
    this.#varint(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  string(field: number, value: string): void {
    this.#reserveText(value)
    this.#varint((field << 3) | wireType.bytes)
    const start = this.#at
    if (value.length <= surelyShort) {
      const written = encodeText(value, this.#buffer, start + 1)
      this.#buffer[start] = written
      this.#at = start + 1 + written
      return
    }
    const guess = varintSize(value.length)
    const written = encodeText(value, this.#buffer, start + guess)
    this.#settle(start, guess, written)
  }

  /** uint32s as one packed field. */
  packedUint32(field: number, values: ArrayLike<number>): void {
    const mark = this.fork(field, values.length)
    this.#reserve(values.length * 5)
    for (let index = 0; index < values.length; index++) this.#varint(values[index]!)
    this.join(mark)
  }

  /** Appends whole fields as they are, tags included. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length)
    this.#buffer.set(fields, this.#at)
    this.#at += fields.length
  }

  /** Reserves `length` bytes of a bytes field, which the caller fills at once; saves a copy. */
  reserve(field: number, length: number): Uint8Array {
    this.#reserve(10 + length)
    this.#varint((field << 3) | wireType.bytes)
    this.#varint(length)
    const start = this.#at
    this.#at += length
    return this.#buffer.subarray(start, this.#at)
  }

  /** Writes the tag and the length of a field whose bytes are written next. */
  beginField(field: number, length: number): void {
    this.#reserve(10)
    this.#varint((field << 3) | wireType.bytes)
    this.#varint(length)
  }

  /** A uint32 without a tag: part of a packed field. */
  packedValue(value: number): void {
    this.#reserve(5)
    this.#varint(value)
  }

  /** Opens a nested message; `expected` bytes decide how much room its length prefix gets. */
  fork(field: number, expected = 0): number {
    this.#reserve(10)
    this.#varint((field << 3) | wireType.bytes)
    const guess = varintSize(expected)
    this.#at += guess
    return this.#at * 8 + guess
  }

  /** Closes the message that `fork` opened. */
  join(mark: number): void {
    const guess = mark % 8
    const start = (mark - guess) / 8
    this.#settle(start - guess, guess, this.#at - start)
  }

  /** Writes a length where `guess` bytes were reserved for it, and moves what follows when the guess was wrong. */
  #settle(start: number, guess: number, written: number): void {
    const size = varintSize(written)
    if (size !== guess) {
      this.#at = start + guess + written
      this.#reserve(5)
      this.#buffer.copyWithin(start + size, start + guess, start + guess + written)
    }
    this.#at = start
    this.#varint(written)
    this.#at += written
  }

  /** Near the end of a well-sized buffer the bound of three bytes a UTF-16 unit would grow it for nothing. */
  #reserveText(value: string): void {
    if (this.#at + 10 + value.length * 3 > this.#buffer.length) this.#reserve(10 + encodedLength(value))
  }

  #varint(value: number): void {
    if (value >= 0 && value <= 0x7f) {
      this.#buffer[this.#at++] = value
      return
    }
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#at++] = rest
  }

  #reserve(extra: number): void {
    const needed = this.#at + extra
    if (needed <= this.#buffer.length) return
    const grown = allocate(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#at))
    this.#buffer = grown
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.byteLength)
  }
}

/** Bytes that a varint of this value takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  return value < 0x10000000 ? 4 : 5
}

/** Bytes of the header of a length-delimited value: a tag of one byte (fields up to 15) and the length. */
export function prefix(tag: number, length: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintSize(length))
  bytes[0] = tag
  let rest = length
  for (let at = 1; at < bytes.length; at++) {
    bytes[at] = (rest & 0x7f) | (at === bytes.length - 1 ? 0 : 0x80)
    rest >>>= 7
  }
  return bytes
}
