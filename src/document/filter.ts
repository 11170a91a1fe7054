import type { Document } from './document.js'
import { equal } from './equal.js'
import { listOf, type Passes, patternOf, refused } from './filter-operands.js'
import { valueAt } from './lookup.js'

/**
 * DocArray's filter language: `{ field: { operator: value } }`, with `$and`, `$or` and `$not` around conditions. `__` in a
 * field reaches into objects (`tags__price`); a value `'{field}'` stands for that field of the same Document.
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
  $in: (actual, wanted) => (wanted as Passes)(actual),
  $nin: (actual, wanted) => !(wanted as Passes)(actual),
  $regex: (actual, wanted) => (wanted as Passes)(actual),
  $size: (actual, wanted) => sizeOf(actual) === wanted,
  $exists: (actual, wanted) => exists(actual) === wanted,
}

/** Compiles a filter to a function. Throws INVALID_INPUT, at once, for unknown operators and operands of a wrong type. */
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
    const matches = patternOf(wanted)
    return () => matches
  }
  if (name === '$exists' && typeof wanted !== 'boolean') throw refused('$exists takes true or false')
  if (name === '$in' || name === '$nin') {
    const isListed = listOf(name, wanted)
    return () => isListed
  }
  if (typeof wanted !== 'string' || !wanted.includes('{')) return () => wanted
  const whole = /^\{(\w+)\}$/.exec(wanted)?.[1]
  if (whole !== undefined) return (document) => valueAt(document, whole)
  return (document) => wanted.replace(placeholder, (_, path: string) => asText(valueAt(document, path)))
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
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

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null) return undefined
  if ('length' in value && typeof value.length === 'number') return value.length
  return Object.keys(value).length
}

function exists(value: unknown): boolean {
  return value !== undefined && value !== null && sizeOf(value) !== 0
}
