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

/**
 * Encodes header fields without a dynamic table and without Huffman codes, so that a block is the same on each connection
 * and can be kept. Names must be lower-case; characters beyond Latin-1 are not allowed.
 */
export function encodeFields(fields: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  for (const name in fields) parts.push(encodeField(name, fields[name]!))
  return Buffer.concat(parts)
}

function encodeField(name: string, value: string): Buffer {
  const whole = fieldIndex.get(`${name}: ${value}`)
  if (whole !== undefined) return integer(whole, 7, 0x80)
  const index = nameIndex.get(name) ?? 0
  const head = integer(index, 4, 0)
  return Buffer.concat(index === 0 ? [head, string(name), string(value)] : [head, string(value)])
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length, 7, 0), bytes])
}

/** RFC 7541, 5.1. */
function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const most = (1 << prefixBits) - 1
  if (value < most) return Buffer.of(pattern | value)
  const bytes = [pattern | most]
  let rest = value - most
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
