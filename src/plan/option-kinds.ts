import { isIPv6 } from 'node:net'
import { withoutBrackets } from '../lib/authority.js'
import { nearest } from '../lib/nearest.js'
import { type Option, type OptionTable, parseOptions } from './option.js'
import { isPlainObject } from '../lib/plain-object.js'

/** A boolean. */
export const flag = (preset: boolean): Option<boolean> => ({
  expected: 'true or false',
  preset,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
})

/** A non-empty string, or the preset. */
export const text = <P extends string | null>(preset: P): Option<string | P> => ({
  expected: 'a text that is not empty',
  preset,
  parse: (value) =>
    value === preset || (typeof value === 'string' && value !== '') ? (value as string | P) : undefined,
})

/** A host name or an address, without a port. Brackets around an IPv6 address are removed. */
export const hostName = <P extends string>(preset: P): Option<string> => ({
  expected: 'a host name or an address, without a port',
  preset,
  parse(value) {
    if (typeof value !== 'string') return undefined
    const host = withoutBrackets(value)
    return isIPv6(host) ? host : /^[^\s:/@[\]]+$/.test(value) ? value : undefined
  },
})

/** A whole number from `min` to `max`, or the preset. */
export const integer = <P extends number | null>(
  preset: P,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): Option<number | P> => ({
  expected:
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number, ${min} or more`
      : `a whole number from ${min} to ${max}`,
  preset,
  parse(value) {
    if (value === preset) return preset
    return Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined
  },
})

/** One of a list of strings. */
export const oneOf = <T extends string>(choices: readonly T[], preset: T): Option<T> => ({
  expected: `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
  preset,
  parse: (value) => choices.find((choice) => choice === value),
  meant: (value) => (typeof value === 'string' ? nearest(value, choices) : undefined),
})

/** `option` for a text in any case, as Jina writes names in capitals. */
export const inAnyCase = <T>(option: Option<T>): Option<T> => ({
  ...option,
  parse: (value) => option.parse(typeof value === 'string' ? value.toLowerCase() : value),
})

/** An object whose values are strings. */
export const textMap = (): Option<Readonly<Record<string, string>>> => ({
  expected: 'an object of texts',
  preset: {},
  parse: (value) =>
    isPlainObject(value) && Object.values(value).every((entry) => typeof entry === 'string')
      ? (value as Record<string, string>)
      : undefined,
})

/** An object that survives a thread or process boundary. */
export const dataMap = (): Option<Readonly<Record<string, unknown>>> => ({
  expected:
    'an object of plain data (no functions, no class instances: it goes to another thread or process)',
  preset: {},
  parse: (value) => (isPlainObject(value) && isCloneable(value) ? value : undefined),
})

/** Accepts one value or a list; always yields a list. */
export const listOf = <T>(option: Option<T>, preset: readonly T[]): Option<readonly T[]> => ({
  expected: `${option.expected}, or a list of that`,
  preset,
  parse(value) {
    const entries = (Array.isArray(value) ? value : [value]).map((entry) => option.parse(entry))
    return entries.length > 0 && entries.every((entry) => entry !== undefined) ? entries : undefined
  },
  meant(value) {
    const wrong = (Array.isArray(value) ? value : [value]).find((entry) => option.parse(entry) === undefined)
    return option.meant?.(wrong)
  },
})

/** Accepts null, or what `option` accepts. */
export const optional = <T>(option: Option<T>, preset: T | null = null): Option<T | null> => ({
  expected: `${option.expected}, or null`,
  preset,
  parse: (value) => (value === null ? null : option.parse(value)),
})

/** Accepts null or false (yields null), true (yields the option's default), or a value of the option. */
export const orTrue = <T>(option: Option<T>): Option<T | null> => ({
  expected: `true, false, or ${option.expected}`,
  preset: null,
  parse(value) {
    if (value === null || value === false) return null
    return value === true ? option.preset : option.parse(value)
  },
})

/** A number from 0 to 1. */
export const share = (preset: number): Option<number> => ({
  expected: 'a number from 0 to 1',
  preset,
  parse: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined),
})

/** An option whose value is an object of options. */
export function group<T extends object>(table: OptionTable<T>, expected: string): Option<T> {
  return { expected, preset: parseOptions(table, {})!, parse: (value) => parseOptions(table, value) }
}

/** Accepts anything; the value is checked where it is used. */
export const anything = <T>(preset: T): Option<T> => ({
  expected: 'anything',
  preset,
  parse: (value) => value as T,
})

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
