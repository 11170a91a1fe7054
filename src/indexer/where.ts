import { isPlaceholder } from '../document/filter.js'
import type { Filter } from '../document/index.js'
import { columnOf } from './columns.js'
import type { Columns, ColumnType } from './options.js'

/** A filter as SQL. */
export interface Where {
  /** Passes every row that the filter passes; undefined when SQL can express nothing of it. */
  readonly sql: string | undefined
  /** Whether it passes no other rows. */
  readonly exact: boolean
}

/** A string literal in SQL: the quote, the only special character, is doubled. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Rows with one of these ids. */
export const withIds = (ids: Iterable<string>): string => `id IN (${Array.from(ids, quoted).join(', ')})`

/** Levels of $and, $or and $not that LanceDB's parser accepts; deeper parts are left to our own filter. */
const deepest = 6

/** Conditions side by side, which LanceDB nests into each other: a few thousand would be too many. */
const sideBySide = 256

/**
 * DocArray's filter language in SQL, as far as it concerns columns and `id`. A condition is true or false for a row, never
 * NULL, so that NOT means what it does in the filter; a missing tag is NULL and differs from every value.
 *
 * Left to our own filter: other fields and tags, `$regex` and `$size`, values that name another field, and an order of texts
 * where UTF-8 and JavaScript's strings disagree.
 */
export function whereOf(filter: Filter, columns: Columns): Where {
  const all = Object.entries(filter).map(([key, value]) => entry(key, value, { columns, depth: 0 }))
  const exact = !all.includes(undefined)
  const known = all.filter((condition) => condition !== undefined)
  return { sql: known.length === 0 && !exact ? undefined : joined(known, 'AND'), exact }
}

interface At {
  readonly columns: Columns
  readonly depth: number
}

/** One condition, or undefined when SQL cannot express it. */
function entry(key: string, value: unknown, at: At): string | undefined {
  if (key === '$and') return joined(group(value, at), 'AND')
  if (key === '$or') return joined(group(value, at), 'OR')
  if (key === '$not') return not(joined(group(value, at), 'AND'))
  const column = columnFor(key, at.columns)
  if (column === undefined) return undefined
  const tests = Object.entries(value as object).map(([name, wanted]) => test(column, name, wanted))
  return joined(tests, 'AND')
}

function group(value: unknown, { columns, depth }: At): (string | undefined)[] {
  if (depth === deepest) return [undefined]
  const at = { columns, depth: depth + 1 }
  const entries = (filter: object): (string | undefined)[] =>
    Object.entries(filter).map(([key, inner]) => entry(key, inner, at))
  if (!Array.isArray(value)) return entries(value as object)
  return value.map((filter: object) => joined(entries(filter), 'AND'))
}

/** Constant conditions are left out, or decide the result alone, even over conditions that SQL cannot express. */
function joined(conditions: readonly (string | undefined)[], word: 'AND' | 'OR'): string | undefined {
  const [nothing, all] = word === 'AND' ? ['true', 'false'] : ['false', 'true']
  if (conditions.includes(all)) return all
  let rest = conditions.filter((condition) => condition !== nothing)
  if (rest.includes(undefined)) return undefined
  while (rest.length > 1) {
    const next: string[] = []
    for (let from = 0; from < rest.length; from += sideBySide) {
      const some = rest.slice(from, from + sideBySide)
      next.push(some.length === 1 ? some[0]! : `(${some.join(` ${word} `)})`)
    }
    rest = next
  }
  return rest[0] ?? nothing
}

interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Only declared columns become names in SQL. */
function columnFor(path: string, columns: Columns): Column | undefined {
  if (path === 'id') return { name: 'id', type: 'string' }
  const tag = path.startsWith('tags__') ? path.slice('tags__'.length) : ''
  if (!Object.hasOwn(columns, tag)) return undefined
  return { name: `\`${columnOf(tag)}\``, type: columns[tag]! }
}

const comparisons: Readonly<Record<string, string>> = { $lt: '<', $lte: '<=', $gt: '>', $gte: '>=' }

function test(column: Column, operator: string, wanted: unknown): string | undefined {
  if (isPlaceholder(wanted)) return undefined
  const { name, type } = column
  switch (operator) {
    case '$eq':
      return equal(column, wanted)
    case '$neq':
      return not(equal(column, wanted))
    case '$in':
      return oneOf(column, wanted as readonly unknown[])
    case '$nin':
      return not(oneOf(column, wanted as readonly unknown[]))
    case '$exists': {
      const there = `(${name} IS NOT NULL)`
      return wanted === true ? there : not(there)
    }
    case '$lt':
    case '$lte':
    case '$gt':
    case '$gte': {
      if (typeof wanted === 'string' && /[\ud800-\uffff]/.test(wanted)) return undefined
      if (typeof wanted !== 'number' && typeof wanted !== 'string') return 'false'
      const value = literal(type, wanted)
      if (value === undefined)
        return Number.isFinite(wanted) || typeof wanted === 'string' ? 'false' : undefined
      return `(${name} IS NOT NULL AND ${name} ${comparisons[operator]} ${value})`
    }
    default:
      return undefined
  }
}

function equal({ name, type }: Column, wanted: unknown): string {
  if (wanted === null || wanted === undefined) return `(${name} IS NULL)`
  const value = literal(type, wanted)
  return value === undefined ? 'false' : `(${name} IS NOT NULL AND ${name} = ${value})`
}

function oneOf({ name, type }: Column, wanted: readonly unknown[]): string | undefined {
  const values = wanted.map((value) => literal(type, value)).filter((value) => value !== undefined)
  const listed = values.length === 0 ? 'false' : `(${name} IS NOT NULL AND ${name} IN (${values.join(', ')}))`
  const isNull = wanted.some((value) => value === null || value === undefined)
  return joined([listed, isNull ? `(${name} IS NULL)` : 'false'], 'OR')
}

function not(condition: string | undefined): string | undefined {
  if (condition === undefined) return undefined
  if (condition === 'true') return 'false'
  return condition === 'false' ? 'true' : `(NOT ${condition})`
}

/** A value in SQL; undefined when no value of the column can equal it. */
function literal(type: ColumnType, value: unknown): string | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? quoted(value) : undefined
    case 'bool':
      return typeof value === 'boolean' ? String(value) : undefined
    case 'int':
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? numeral(value + 0) : undefined
  }
}

/** Never formatted as an integer, which would be cut to 64 bits. */
function numeral(value: number): string {
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
