import { MillraceError } from '../errors.js'
import { isWellFormed } from '../lib/protobuf/text.js'
import { field } from './fields.js'

const names = new Map<number, string>(Object.entries(field).map(([name, number]) => [number, name]))

/** Fields that hold any string. */
const textFields = (1 << field.text) | (1 << field.uri) | (1 << field.modality) | (1 << field.mimeType)

/** The value as it is stored in a field; null counts as undefined. Throws INVALID_INPUT for a value of the wrong type. */
export function checked(number: number, value: unknown): unknown {
  if (typeof value === 'string' && (textFields & (1 << number)) !== 0) return value
  if (value === undefined || value === null) return undefined
  const wanted = refusal(number, value)
  if (wanted === undefined) return value
  throw new MillraceError(
    'INVALID_INPUT',
    `${names.get(number)} of a Document must be ${wanted}, got ${describe(value)}.`,
  )
}

/** The expected type, where the value has another one. */
function refusal(number: number, value: {}): string | undefined {
  switch (number) {
    case field.granularity:
    case field.adjacency:
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32
        ? undefined
        : 'a whole number from 0'
    case field.weight:
    case field.offset:
      return typeof value === 'number' ? undefined : 'a number'
    case field.blob:
      return value instanceof Uint8Array ? undefined : 'a Uint8Array'
    case field.location:
      return Array.isArray(value) && value.every((entry) => typeof entry === 'number')
        ? undefined
        : 'a list of numbers'
    case field.tags:
    case field.scores:
    case field.evaluations:
      return typeof value === 'object' && !Array.isArray(value) ? undefined : 'a plain object'
    case field.id:
    case field.parentId:
      // ids that differ in lone surrogates only would become equal on the wire
      if (typeof value !== 'string') return 'a string'
      return isWellFormed(value) ? undefined : 'a text without lone surrogates'
    default:
      return typeof value === 'string' ? undefined : 'a string'
  }
}

function describe(value: {}): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : typeof value
}
