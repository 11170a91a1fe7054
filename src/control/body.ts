import type { Readable } from 'node:stream'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { isMapping } from '../lib/mapping.js'

/** Reads the body as text; null when it exceeds `maxBytes`. The caller must close the connection then: the rest is not read. */
export async function readBody(stream: Readable, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Parses the fields of a JSON object. Refuses the key `__proto__` at any depth, because copying such an object key by key
 * would set a prototype.
 *
 * @throws MALFORMED unless it is a JSON object; UNKNOWN_OPTION for a field that is not in `known`.
 */
export function parseFields<K extends string>(text: string, known: readonly K[]): ReadonlyMap<K, unknown> {
  const value = parseJson(text)
  if (!isMapping(value)) {
    throw new MillraceError('MALFORMED', `The body must be a JSON object with ${known.join(', ')}.`)
  }
  const fields = new Map<K, unknown>()
  for (const [key, field] of Object.entries(value)) {
    const name = known.find((candidate) => candidate === key)
    if (name === undefined) throw unknownField(key, known)
    fields.set(name, field)
  }
  return fields
}

/** @throws INVALID_OPTION */
export function textField<K extends string>(fields: ReadonlyMap<K, unknown>, name: K): string {
  const value = fields.get(name)
  if (typeof value === 'string' && value !== '') return value
  throw new MillraceError('INVALID_OPTION', `${name} must be a text that is not empty.`)
}

/** @throws INVALID_OPTION */
export function integerField<K extends string>(fields: ReadonlyMap<K, unknown>, name: K): number {
  const value = fields.get(name)
  if (Number.isInteger(value)) return value as number
  throw new MillraceError('INVALID_OPTION', `${name} must be a whole number.`)
}

/** @throws INVALID_OPTION */
export function choiceField<K extends string, Choice extends string>(
  fields: ReadonlyMap<K, unknown>,
  name: K,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((one) => one === fields.get(name))
  if (choice !== undefined) return choice
  throw new MillraceError('INVALID_OPTION', `${name} must be ${choices.join(' or ')}.`)
}

/** @throws INVALID_OPTION */
export function objectField<K extends string>(
  fields: ReadonlyMap<K, unknown>,
  name: K,
): Readonly<Record<string, unknown>> {
  const value = fields.get(name)
  if (isMapping(value)) return value
  throw new MillraceError('INVALID_OPTION', `${name} must be an object.`)
}

function parseJson(text: string): unknown {
  let poisoned = false
  let value: unknown
  try {
    value = JSON.parse(text, (key, item: unknown) => {
      poisoned ||= key === '__proto__'
      return item
    })
  } catch (error) {
    // a SyntaxError, or a RangeError when it nests too deep
    throw new MillraceError('MALFORMED', `The body is not valid JSON: ${(error as Error).message}.`)
  }
  if (poisoned) throw new MillraceError('MALFORMED', "The body must not have a key '__proto__'.")
  return value
}

function unknownField(key: string, known: readonly string[]): MillraceError {
  const hint = nearest(key, known)
  const advice = hint === undefined ? `Fields: ${known.join(', ')}.` : `Did you mean '${hint}'?`
  return new MillraceError(
    'UNKNOWN_OPTION',
    `There is no field ${JSON.stringify(key.slice(0, 80))}. ${advice}`,
  )
}
