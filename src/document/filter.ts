import type { Document } from './document.js'
import { equal } from './equal.js'
import { listOf, type Passes, patternOf, refused } from './filter-operands.js'
import { valueAt } from './lookup.js'

/**
 * DocArray's filter language: `{ field: { operator: value } }`, with `$and`, `$or` and `$not` around conditions. `__` in a
 * field reaches into objects (`tags__price`). A text that begins with `{` names a field of the same Document, `'{tags__min}'`,
 * whose value it stands for; such a text itself is compared by `$in: ['{text}']`, where nothing is replaced.
 */
export interface Filter {
  readonly [field: string]: unknown
}

type Test<S> = (subject: S) => boolean
type Operator = (actual: unknown, wanted: unknown, path: string) => boolean

/** What a filter is about: Documents, or other things with named values. */
export interface FilterSubject<S> {
  /** The value at a path; undefined where there is none. */
  valueAt(subject: S, path: string): unknown
  /** Called for each path when a filter is compiled. Throws INVALID_INPUT for one that no subject can have. */
  check?(path: string): void
  /** Whether a value counts for `$exists`. Default: as for fields of a Document. */
  exists?(value: unknown): boolean
}

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
  $exists: (actual, wanted, path) => exists(path, actual) === wanted,
}

/** Compiles a filter of Documents to a function. Throws INVALID_INPUT, at once, for unknown operators and operands of a wrong type. */
export function compileFilter(filter: Filter): Test<Document> {
  return compileFilterOf(filter, { valueAt })
}

/** Compiles a filter of any subject to a function. Throws as `compileFilter` does, and as `subject.check`. */
export function compileFilterOf<S>(filter: Filter, subject: FilterSubject<S>): Test<S> {
  const tests = Object.entries(filter).map(([key, value]) => compileEntry(key, value, subject))
  return tests.length === 1 ? tests[0]! : (one) => tests.every((test) => test(one))
}

function compileEntry<S>(key: string, value: unknown, subject: FilterSubject<S>): Test<S> {
  if (key === '$and') {
    const tests = compileGroup(key, value, subject)
    return (one) => tests.every((test) => test(one))
  }
  if (key === '$or') {
    const tests = compileGroup(key, value, subject)
    return (one) => tests.some((test) => test(one))
  }
  if (key === '$not') {
    const tests = compileGroup(key, value, subject)
    return (one) => !tests.every((test) => test(one))
  }
  if (key.startsWith('$')) throw refused(`operator ${key} does not exist`)
  return compileField(key, value, subject)
}

/** The conditions of `$and`, `$or`, `$not`: a list of filters, or the entries of one. */
function compileGroup<S>(key: string, value: unknown, subject: FilterSubject<S>): Test<S>[] {
  if (Array.isArray(value))
    return value.map((filter: unknown) => compileFilterOf(asObject(key, filter), subject))
  return Object.entries(asObject(key, value)).map(([inner, condition]) =>
    compileEntry(inner, condition, subject),
  )
}

function compileField<S>(path: string, condition: unknown, subject: FilterSubject<S>): Test<S> {
  subject.check?.(path)
  const tests = Object.entries(asObject(path, condition)).map(([name, wanted]) => {
    if (!Object.hasOwn(operators, name)) {
      throw refused(`operator ${name} does not exist; there are ${Object.keys(operators).join(' ')}`)
    }
    const { exists: isThere } = subject
    const operator: Operator =
      name === '$exists' && isThere !== undefined ? (actual, is) => isThere(actual) === is : operators[name]!
    const value = compileValue(name, wanted, subject)
    return (actual: unknown, one: S) => operator(actual, value(one), path)
  })
  if (tests.length === 0) throw refused(`'${path}' has no operator`)
  return (one) => {
    const actual = subject.valueAt(one, path)
    return tests.every((test) => test(actual, one))
  }
}

/** As DocArray 0.21 finds them: other text around it is ignored. */
const placeholder = /\{\s*([a-zA-Z0-9_]*)\s*\}/g

function compileValue<S>(name: string, wanted: unknown, subject: FilterSubject<S>): (one: S) => unknown {
  if (name === '$regex') {
    if (isPlaceholder(wanted)) throw refused('$regex takes a pattern and no field; write { as \\{')
    const matches = patternOf(wanted)
    return () => matches
  }
  if (name === '$exists' && typeof wanted !== 'boolean') throw refused('$exists takes true or false')
  if (name === '$in' || name === '$nin') {
    const isListed = listOf(name, wanted)
    return () => isListed
  }
  if (!isPlaceholder(wanted)) return () => wanted
  const paths = [...wanted.matchAll(placeholder)].map(([, path]) => path!)
  const [path = ''] = paths
  if (paths.length !== 1 || path === '')
    throw refused(
      `${JSON.stringify(wanted)} begins with { and does not name one field, as '{tags__min}' does; compare the text itself with $in: [text]`,
    )
  subject.check?.(path)
  return (one) => subject.valueAt(one, path)
}

/** Whether a value of a filter stands for that of a field. Lists of `$in` and `$nin` have values only. */
export function isPlaceholder(wanted: unknown): wanted is string {
  return typeof wanted === 'string' && wanted.startsWith('{')
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

/** As in DocArray 0.21: below a field everything but null exists; a field exists unless it has its default. */
function exists(path: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (path.includes('__') || neverDefault.has(path)) return true
  return value !== 0 && sizeOf(value) !== 0
}

/** Fields that have no default. */
const neverDefault: ReadonlySet<string> = new Set(['id', 'tensor', 'embedding'])
