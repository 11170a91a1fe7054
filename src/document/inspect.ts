import type { Document } from './document.js'
import { field } from './fields.js'
import { record } from './record.js'

/** What Node's `util.inspect`, and so `console.log`, asks an object for. */
export const inspectSymbol: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** `util.inspect`, handed in by Node; here there is no import of Node. */
export type Inspect = (value: unknown, options: object) => string

/** The fields of a Document that are not empty. Looking at them does not mark them as changed, children excepted. */
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
