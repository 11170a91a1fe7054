import { MillraceError } from '../errors.js'
import type { Document } from './document.js'
import { valueAt } from './lookup.js'

/**
 * DocArray's filter language: `{ field: { operator: value } }`, with `$and`, `$or` and `$not` around conditions. A field
 * goes into objects by `__` (`tags__price`); a value `'{field}'` stands for that field of the same Document.
 */
export interface Filter {
  readonly [field: string]: unknown
}

type Test = (document: Document) => boolean
type Operator = (actual: unknown, wanted: unknown) => boolean

const operators: Readonly<Record<string, Operator>> = {
  $eq: equal,
  $neq: (actual, wanted) => !equal(actual, wanted),
  $lt: (actual, wanted) => comparable(actual, wanted) && actual! < wanted!,
  $lte: (actual, wanted) => comparable(actual, wanted) && actual! <= wanted!,
  $gt: (actual, wanted) => comparable(actual, wanted) && actual! > wanted!,
  $gte: (actual, wanted) => comparable(actual, wanted) && actual! >= wanted!,
  $in: (actual, wanted) => listed(actual, wanted),
  $nin: (actual, wanted) => !listed(actual, wanted),
  $regex: (actual, wanted) => typeof actual === 'string' && (wanted as RegExp).test(actual),
  $size: (actual, wanted) => sizeOf(actual) === wanted,
  $exists: (actual, wanted) => exists(actual) === wanted,
}

/** A filter as a function. Throws INVALID_INPUT, at once, for operators that do not exist and values they cannot take. */
export function compileFilter(filter: Filter): Test {
  const tests = Object.entries(filter).map(([key, value]) => compileEntry(key, value))
  return tests.length === 1 ? tests[0]! : (document) => tests.every((test) => test(document))
}

function compileEntry(key: string, value: unknown): Test {
  if (key === '$and') {
    const tests = compileGroup(key, value)
    return (document) => tests.every((test) => test(document))
  }
  if (key === '$or') {
    const tests = compileGroup(key, value)
    return (document) => tests.some((test) => test(document))
  }
  if (key === '$not') {
    const tests = compileGroup(key, value)
    return (document) => !tests.every((test) => test(document))
  }
  if (key.startsWith('$')) throw refused(`operator ${key} does not exist`)
  return compileField(key, value)
}

/** The conditions of `$and`, `$or`, `$not`: a list of filters, or the entries of one. */
function compileGroup(key: string, value: unknown): Test[] {
  if (Array.isArray(value)) return value.map((filter: unknown) => compileFilter(asObject(key, filter)))
  return Object.entries(asObject(key, value)).map(([inner, condition]) => compileEntry(inner, condition))
}

function compileField(path: string, condition: unknown): Test {
  const tests = Object.entries(asObject(path, condition)).map(([name, wanted]) => {
    if (!Object.hasOwn(operators, name)) {
      throw refused(`operator ${name} does not exist; there are ${Object.keys(operators).join(' ')}`)
    }
    const operator = operators[name]!
    const value = compileValue(name, wanted)
    return (actual: unknown, document: Document) => operator(actual, value(document))
  })
  if (tests.length === 0) throw refused(`'${path}' has no operator`)
  return (document) => {
    const actual = valueAt(document, path)
    return tests.every((test) => test(actual, document))
  }
}

const placeholder = /\{(\w+)\}/g

function compileValue(name: string, wanted: unknown): (document: Document) => unknown {
  if (name === '$regex') {
    const pattern = compilePattern(wanted)
    return () => pattern
  }
  if (name === '$exists' && typeof wanted !== 'boolean') throw refused('$exists takes true or false')
  if ((name === '$in' || name === '$nin') && !Array.isArray(wanted)) throw refused(`${name} takes a list`)
  if (typeof wanted !== 'string' || !wanted.includes('{')) return () => wanted
  const whole = /^\{(\w+)\}$/.exec(wanted)?.[1]
  if (whole !== undefined) return (document) => valueAt(document, whole)
  return (document) => wanted.replace(placeholder, (_, path: string) => asText(valueAt(document, path)))
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function compilePattern(wanted: unknown): RegExp {
  // a sticky or global pattern would remember where it stopped in the Document before
  if (wanted instanceof RegExp) return new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ''))
  if (typeof wanted !== 'string') throw refused('$regex takes a pattern')
  try {
    return new RegExp(wanted)
  } catch (error) {
    throw new MillraceError('INVALID_INPUT', `A filter cannot be used: ${String(error)}.`, { cause: error })
  }
}

function asObject(key: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw refused(
    `'${key}' needs an object with operators, as in { ${key}: { $eq: … } }, got ${JSON.stringify(value)}`,
  )
}

function comparable(actual: unknown, wanted: unknown): boolean {
  return typeof actual === typeof wanted && (typeof actual === 'number' || typeof actual === 'string')
}

function listed(actual: unknown, wanted: unknown): boolean {
  return (wanted as readonly unknown[]).some((value) => equal(actual, value))
}

function equal(left: unknown, right: unknown): boolean {
  if (left === right || (left ?? right ?? undefined) === undefined) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const keys = Object.keys(left)
  if (Array.isArray(left) !== Array.isArray(right) || keys.length !== Object.keys(right).length) return false
  const other = right as Record<string, unknown>
  return keys.every(
    (key) => Object.hasOwn(right, key) && equal((left as Record<string, unknown>)[key], other[key]),
  )
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null) return undefined
  if ('length' in value && typeof value.length === 'number') return value.length
  return Object.keys(value).length
}

function exists(value: unknown): boolean {
  return value !== undefined && value !== null && sizeOf(value) !== 0
}

function refused(what: string): MillraceError {
  return new MillraceError('INVALID_INPUT', `A filter cannot be used: ${what}.`)
}
