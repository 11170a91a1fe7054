import { DynamicTable } from './dynamic-table.js'
import { createField, type Field } from './fields.js'
import { decodeHuffman } from './huffman.js'
import { staticTable } from './static-table.js'

/** Takes the fields of a block, in order. */
export interface FieldSink {
  field(field: Field): void
}

/** Of a dynamic table, as long as no setting says otherwise; this side never does. */
const tableBytes = 4096

/** At the start of one block; two suffice (RFC 7541, 4.2). */
const mostSizeUpdates = 2

/** Integers beyond this are wrong: no block has so many bytes, no table so many entries. */
const largestInteger = 2 ** 24

let scratch = Buffer.allocUnsafeSlow(4096)

/**
 * Decodes the header blocks of one connection (RFC 7541), which must be all its blocks in order, also those of refused
 * requests: they share a table.
 */
export class HpackDecoder {
  readonly #table = new DynamicTable(tableBytes)
  #block: Buffer = scratch
  #at = 0
  #isWrong = false

  /** Grows with each change of the table; blocks of equal bytes mean the same while it stays. */
  get version(): number {
    return this.#table.version
  }

  /** Gives the fields of a block to `sink`; false when the block is wrong, which ends the connection. */
  decode(block: Buffer, sink: FieldSink): boolean {
    this.#block = block
    this.#at = 0
    this.#isWrong = false
    let updates = 0
    let fields = 0
    while (this.#at < block.length && !this.#isWrong) {
      const first = block[this.#at]!
      if (first >= 0x80) {
        const field = this.#indexed(this.#integer(7))
        if (field !== undefined) sink.field(field)
        fields++
      } else if (first >= 0x40) {
        const field = this.#literal(6)
        if (this.#isWrong) break
        this.#table.add(field)
        sink.field(field)
        fields++
      } else if (first >= 0x20) {
        const bytes = this.#integer(5)
        if (fields > 0 || ++updates > mostSizeUpdates || bytes > tableBytes) this.#isWrong = true
        else this.#table.resize(bytes)
      } else {
        const field = this.#literal(4) // without indexing, or never indexed
        if (!this.#isWrong) sink.field(field)
        fields++
      }
    }
    this.#block = scratch
    return !this.#isWrong
  }

  #indexed(index: number): Field | undefined {
    const field =
      index <= staticTable.length ? staticTable[index - 1] : this.#table.at(index - staticTable.length - 1)
    if (field === undefined) this.#isWrong = true
    return field
  }

  #literal(prefixBits: number): Field {
    const index = this.#integer(prefixBits)
    const name = index === 0 ? this.#string() : (this.#indexed(index)?.name ?? '')
    return createField(name, this.#string())
  }

  /** RFC 7541, 5.1. */
  #integer(prefixBits: number): number {
    const block = this.#block
    const most = (1 << prefixBits) - 1
    let value = block[this.#at++]! & most
    if (value < most) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = block[this.#at++]
      if (byte === undefined) break
      value += (byte & 0x7f) << shift
      if (value > largestInteger) break
      if (byte < 0x80) return value
    }
    this.#isWrong = true
    return 0
  }

  /** RFC 7541, 5.2. */
  #string(): string {
    const block = this.#block
    const first = block[this.#at]
    if (first === undefined || this.#isWrong) {
      this.#isWrong = true
      return ''
    }
    const bytes = this.#integer(7)
    const from = this.#at
    const to = from + bytes
    if (to > block.length) this.#isWrong = true
    if (this.#isWrong) return ''
    this.#at = to
    if (first < 0x80) return block.toString('latin1', from, to)
    if (scratch.length < bytes * 2) scratch = Buffer.allocUnsafeSlow(bytes * 2)
    const length = decodeHuffman(block, [from, to], scratch)
    if (length < 0) this.#isWrong = true
    return length <= 0 ? '' : scratch.toString('latin1', 0, length)
  }
}
