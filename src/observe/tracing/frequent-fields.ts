import { Writer } from '../../lib/protobuf/writer.js'
import type { AttributeValue } from './span-record.js'

/** Number of the field `attributes` of a span. */
export const attributesField = 9

/**
 * Attributes of Millrace's own spans with few values: their encoded bytes are kept. Writing their texts anew was most of what a
 * span cost.
 */
export const frequent: ReadonlySet<string> = new Set([
  'millrace.endpoint',
  'millrace.stage',
  'millrace.shard',
  'millrace.pod',
  'millrace.try',
  'network.protocol.name',
  'server.address',
])

/** Names or values that are kept: clients choose endpoints, and handlers the names of their spans. */
const most = 500

const names = new Map<string, Uint8Array>()
const attributes = new Map<string, Map<AttributeValue, Uint8Array>>()

/** The field `name` of a span. */
export function encodedName(name: string): Uint8Array {
  return kept(names, name, (writer) => writer.string(5, name))
}

/** An attribute of a span. */
export function encodedAttribute(name: string, value: AttributeValue): Uint8Array {
  let values = attributes.get(name)
  if (values === undefined) attributes.set(name, (values = new Map()))
  return kept(values, value, (writer) => {
    const mark = writer.fork(attributesField)
    writer.string(1, name)
    writeValue(writer, value)
    writer.join(mark)
  })
}

/** The field `value` of an attribute. */
export function writeValue(writer: Writer, value: AttributeValue): void {
  const mark = writer.fork(2)
  if (typeof value === 'string') writer.string(1, value)
  else if (typeof value === 'boolean') writer.bool(2, value)
  else if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) writer.uint32(3, value)
  else if (Number.isSafeInteger(value)) writer.int64(3, BigInt(value))
  else writer.double(4, value)
  writer.join(mark)
}

function kept<Key>(known: Map<Key, Uint8Array>, key: Key, write: (writer: Writer) => void): Uint8Array {
  let bytes = known.get(key)
  if (bytes !== undefined) return bytes
  const writer = new Writer()
  write(writer)
  bytes = writer.finish().slice()
  if (known.size < most) known.set(key, bytes)
  return bytes
}
