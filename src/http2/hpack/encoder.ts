import { staticTable } from './static-table.js'

const nameIndex: ReadonlyMap<string, number> = new Map(
  staticTable.map(({ name }, index) => [name, index + 1] as const).toReversed(),
)
const fieldIndex: ReadonlyMap<string, number> = new Map(
  staticTable.map(({ name, value }, index) => [`${name}: ${value}`, index + 1] as const).toReversed(),
)

/**
 * Sets the size of the encoder's dynamic table to 0. Sent before the first block, so that no setting of the peer has to be
 * obeyed later (RFC 7541, 4.2).
 */
export const noTable: Buffer = Buffer.of(0x20)

/** What HTTP/2 forbids in a value: control characters, and spaces at its ends (RFC 9113, 8.2.1); and what is not Latin-1. */
const unsendable = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/

/** Bytes for the prefix, index and both lengths of a field. */
const mostOverheadBytes = 16

/**
 * Encodes header fields without a dynamic table and without Huffman codes, so that a block is the same on each connection
 * and can be kept. Names must be lower-case tokens; in values, characters that HTTP/2 forbids become `?`.
 */
export class BlockWriter {
  #bytes = Buffer.allocUnsafeSlow(1024)
  #at = 0

  /** The block since `clear`, valid until the next call. */
  get block(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  clear(): void {
    this.#at = 0
  }

  /** Appends fields that were encoded before. */
  append(block: Buffer): void {
    this.#room(block.length)
    block.copy(this.#bytes, this.#at)
    this.#at += block.length
  }

  field(name: string, given: string): void {
    const value = unsendable.test(given) ? sendable(given) : given
    this.#room(name.length + value.length + mostOverheadBytes)
    const index = nameIndex.get(name)
    const whole = index === undefined ? undefined : fieldIndex.get(`${name}: ${value}`)
    if (whole !== undefined) return this.#integer(whole, 7, 0x80)
    this.#integer(index ?? 0, 4, 0)
    if (index === undefined) this.#string(name)
    this.#string(value)
  }

  #string(text: string): void {
    this.#integer(text.length, 7, 0)
    this.#at += this.#bytes.write(text, this.#at, 'latin1')
  }

  /** RFC 7541, 5.1. */
  #integer(value: number, prefixBits: number, pattern: number): void {
    const bytes = this.#bytes
    const most = (1 << prefixBits) - 1
    if (value < most) {
      bytes[this.#at++] = pattern | value
      return
    }
    bytes[this.#at++] = pattern | most
    let rest = value - most
    for (; rest >= 0x80; rest >>= 7) bytes[this.#at++] = (rest & 0x7f) | 0x80
    bytes[this.#at++] = rest
  }

  #room(bytes: number): void {
    if (this.#bytes.length - this.#at >= bytes) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

const writer = new BlockWriter()

/** Encodes fields as one block; see `BlockWriter`. */
export function encodeFields(fields: Readonly<Record<string, string>>): Buffer {
  writer.clear()
  for (const name in fields) writer.field(name, fields[name]!)
  return Buffer.from(writer.block)
}

function sendable(value: string): string {
  return value.replace(/^[\t ]+|[\t ]+$/g, '').replace(/[^\t\x20-\x7e\x80-\xff]/g, '?')
}
