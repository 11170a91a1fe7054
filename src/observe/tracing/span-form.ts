import { Writer } from '../../lib/protobuf/writer.js'
import type { AttributeValue, SpanKind } from './span-values.js'

/**
 * What many spans have in common, encoded: the fields of fixed length, with zeros where each span has its own values (`spanAt`), then
 * the name, then attributes with few values, such as those of a stage.
 */
export type SpanForm = Uint8Array

/** Where a form has the values of each span: ids, and nanoseconds since the epoch. */
export const spanAt = { trace: 2, span: 20, start: 31, end: 40 } as const

/** Forms or names that are kept: clients choose endpoints, and handlers the names of their spans. */
const most = 500

export function spanForm(
  name: string,
  kind: SpanKind,
  attributes: readonly (string | AttributeValue)[] = [],
): SpanForm {
  const writer = new Writer()
  writer.bytes(1, new Uint8Array(16))
  writer.bytes(2, new Uint8Array(8))
  writer.uint32(6, kind)
  writer.fixed64(7, 0, 0)
  writer.fixed64(8, 0, 0)
  writer.string(5, name)
  for (let at = 0; at < attributes.length; at += 2)
    writeAttribute(writer, 9, attributes[at] as string, attributes[at + 1]!)
  return writer.finish().slice()
}

/** Values by name, of which at most `most` are kept. */
export class Kept<Value> {
  readonly #known = new Map<string, Value>()
  readonly #create: (name: string) => Value

  constructor(create: (name: string) => Value) {
    this.#create = create
  }

  get(name: string): Value {
    return this.#known.get(name) ?? this.#add(name)
  }

  #add(name: string): Value {
    const value = this.#create(name)
    if (this.#known.size < most) this.#known.set(name, value)
    return value
  }
}

/** A `KeyValue` (opentelemetry/proto/common/v1/common.proto). */
export function writeAttribute(writer: Writer, field: number, name: string, value: AttributeValue): void {
  const mark = writer.fork(field)
  writer.string(1, name)
  const valueMark = writer.fork(2)
  if (typeof value === 'string') writer.string(1, value)
  else if (typeof value === 'boolean') writer.bool(2, value)
  else if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) writer.uint32(3, value)
  else if (Number.isSafeInteger(value)) writer.int64(3, BigInt(value))
  else writer.double(4, value)
  writer.join(valueMark)
  writer.join(mark)
}
