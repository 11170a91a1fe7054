import type { Document } from './document.js'
import { field } from './fields.js'
import { record } from './record.js'

/** The method name that Node's `util.inspect`, and so `console.log`, calls on an object. */
export const inspectSymbol: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** `util.inspect`, passed in by Node: this folder must not import Node's modules. */
export type Inspect = (value: unknown, options: object) => string

/** The fields of a Document with values. Reading them does not mark them as changed, children excepted. */
export function filledFields(document: Document): Record<string, unknown> {
  const own = document[record]
  const filled: Record<string, unknown> = { id: document.id }
  for (const [name, number] of Object.entries(field)) {
    if (number === field.id || own.isEmpty(number)) continue
    const isFamily = number === field.chunks || number === field.matches
    filled[name] = isFamily ? document[name as 'chunks' | 'matches'] : own.get(number)
  }
  return filled
}
