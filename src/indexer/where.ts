import type { Filter } from '../document/index.js'
import { columnOf } from './columns.js'
import type { Columns, ColumnType } from './options.js'

/** What a filter is in SQL. */
export interface Where {
  /** Passes every row that the filter passes; undefined when nothing of it can be said in SQL. */
  readonly sql: string | undefined
  /** Passes no other rows. */
  readonly exact: boolean
}

/** Text of a literal in SQL: what the only special sign, the quote, is doubled in. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Rows with one of these ids. */
export const withIds = (ids: Iterable<string>): string => `id IN (${Array.from(ids, quoted).join(', ')})`

/**
 * DocArray's filter language in SQL, as far as it is about columns and `id`. A condition is true or false for a row,
 * never NULL, so that NOT means what it does in the filter; a tag that is missing is NULL and differs from every value.
 *
 * What stays with our own filter: other fields and tags, `$regex` and `$size`, values that name another field, and an
 * order of texts where UTF-8 and JavaScript's strings do not agree.
 */
export function whereOf(filter: Filter, columns: Columns): Where {
  const conditions: string[] = []
  let exact = true
  for (const [key, value] of Object.entries(filter)) {
    const condition = entry(key, value, columns)
    if (condition === undefined) exact = false
    else conditions.push(condition)
  }
  if (exact && conditions.length === 0) return { sql: 'true', exact }
  return { sql: conditions.length === 0 ? undefined : conditions.join(' AND '), exact }
}

/** One condition, or undefined when SQL cannot say it. */
function entry(key: string, value: unknown, columns: Columns): string | undefined {
  if (key === '$and') return joined(group(value, columns), 'AND', 'true')
  if (key === '$or') return joined(group(value, columns), 'OR', 'false')
  if (key === '$not') {
    const inner = joined(group(value, columns), 'AND', 'true')
    return inner === undefined ? undefined : `(NOT ${inner})`
  }
  const column = columnFor(key, columns)
  if (column === undefined) return undefined
  const tests = Object.entries(value as object).map(([name, wanted]) => test(column, name, wanted))
  return joined(tests, 'AND', 'true')
}

function group(value: unknown, columns: Columns): (string | undefined)[] {
  const entries = (filter: object): (string | undefined)[] =>
    Object.entries(filter).map(([key, inner]) => entry(key, inner, columns))
  if (!Array.isArray(value)) return entries(value as object)
  return value.map((filter: object) => joined(entries(filter), 'AND', 'true'))
}

function joined(
  conditions: readonly (string | undefined)[],
  word: 'AND' | 'OR',
  nothing: string,
): string | undefined {
  if (conditions.includes(undefined)) return undefined
  if (conditions.length < 2) return conditions[0] ?? nothing
  return `(${conditions.join(` ${word} `)})`
}

interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Only what was declared becomes a name in SQL. */
function columnFor(path: string, columns: Columns): Column | undefined {
  if (path === 'id') return { name: 'id', type: 'string' }
  const tag = path.startsWith('tags__') ? path.slice('tags__'.length) : ''
  if (!Object.hasOwn(columns, tag)) return undefined
  return { name: `\`${columnOf(tag)}\``, type: columns[tag]! }
}

const comparisons: Readonly<Record<string, string>> = { $lt: '<', $lte: '<=', $gt: '>', $gte: '>=' }

function test(column: Column, operator: string, wanted: unknown): string | undefined {
  if (hasPlaceholder(wanted)) return undefined
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
      const there = type === 'string' ? `(${name} IS NOT NULL AND ${name} <> '')` : `(${name} IS NOT NULL)`
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

function oneOf(column: Column, wanted: readonly unknown[]): string {
  return wanted.length === 0 ? 'false' : `(${wanted.map((value) => equal(column, value)).join(' OR ')})`
}

const not = (condition: string | undefined): string | undefined =>
  condition === undefined ? undefined : `(NOT ${condition})`

/** A value in SQL; undefined when no value of the column can be equal to it. */
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

/** Never in the form of an integer, which would be cut to 64 bits. */
function numeral(value: number): string {
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function hasPlaceholder(wanted: unknown): boolean {
  return typeof wanted === 'string' && wanted.includes('{')
}
