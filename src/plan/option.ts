import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { show } from '../lib/show.js'

/** One option: what it accepts (in words, and as a parser) and its default. */
export interface Option<T> {
  readonly expected: string
  readonly preset: T
  /** An invalid value is not shown in the message, because it may be a secret. */
  readonly isSecret?: boolean
  /** The value to use; undefined when the given value is invalid. */
  parse(value: unknown): T | undefined
  /** Checks a member that is given alone, where the value is an object that one member does not make complete. */
  readonly member?: Option<unknown>
  /** The value that was probably meant by an invalid one, for the message; undefined when there is none. */
  meant?(value: unknown): string | undefined
}

/** One option for each key of `T`. */
export type OptionTable<T> = { readonly [K in keyof T]-?: Option<T[K]> }

/**
 * Checks options and fills in defaults. `owner` is the subject of error messages: `Flow`, `stage 'encoder'`.
 *
 * @throws UNKNOWN_OPTION for a key that is not in the table, with the nearest known key.
 * @throws INVALID_OPTION for a value that the option does not accept.
 */
export function resolveOptions<T extends object>(table: OptionTable<T>, given: object, owner: string): T {
  const known = Object.keys(table)
  const resolved: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) throw unknownOption(key, known, owner)
    if (value !== undefined) resolved[key] = parse(key, value, table[key as keyof T], owner)
  }
  for (const key of known) if (!(key in resolved)) resolved[key] = table[key as keyof T].preset
  return resolved as T
}

/** Parses an object of options inside an option and fills in defaults; undefined when a key or value is invalid. */
export function parseOptions<T extends object>(table: OptionTable<T>, given: unknown): T | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  if (entries.some(([key]) => !Object.hasOwn(table, key))) return undefined
  const asked = Object.fromEntries(entries)
  const parsed = Object.entries<Option<unknown>>(table).map(([key, option]) => [
    key,
    Object.hasOwn(asked, key) ? option.parse(asked[key]) : option.preset,
  ])
  return parsed.some(([, value]) => value === undefined) ? undefined : (Object.fromEntries(parsed) as T)
}

function parse<T>(key: string, value: unknown, option: Option<T>, owner: string): T {
  const parsed = option.parse(value)
  if (parsed !== undefined) return parsed
  throw new MillraceError(
    'INVALID_OPTION',
    `${owner}: ${key} must be ${option.expected}${option.isSecret ? '' : `, not ${show(value)}`}.${hintOf(option, value)}`,
  )
}

/** ` Did you mean 'http'?`, or '' when it cannot be told. */
export function hintOf(option: Option<unknown>, value: unknown): string {
  const meant = option.meant?.(value)
  return meant === undefined ? '' : ` Did you mean '${meant}'?`
}

function unknownOption(key: string, known: readonly string[], owner: string): MillraceError {
  const hint = nearest(key, known)
  const advice = hint === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean ${hint}?`
  return new MillraceError('UNKNOWN_OPTION', `${owner}: there is no option ${JSON.stringify(key)}. ${advice}`)
}
