import { MillraceError } from '../errors.js'
import { isPlaceholder } from '../document/filter.js'
import type { Filter } from '../document/index.js'
import type { Columns, ColumnType } from './options.js'
import { show } from '../lib/show.js'

/** Limits of a filter. Far beyond these, LanceDB crashes the process. */
const most = {
  depth: 16,
  conditions: 10_000,
  listed: 100_000,
  characters: 4_000_000,
  patterns: 32,
} as const

type Counted = keyof typeof most

const names: Readonly<Record<Counted, string>> = {
  depth: 'levels of $and, $or and $not',
  conditions: 'conditions',
  listed: 'values in lists',
  characters: 'characters',
  patterns: 'patterns',
}

const orders: readonly string[] = ['$lt', '$lte', '$gt', '$gte']

/**
 * Throws INVALID_INPUT for a filter that is too large, and for one that compares a column with a value of a type it can never
 * hold: DocArray accepts such a comparison, which no Document passes.
 */
export function checkFilter(filter: Filter, columns: Columns): void {
  new Check(columns).entries(filter, 1)
}

class Check {
  readonly #columns: Columns
  readonly #counts: Record<Counted, number> = {
    depth: 0,
    conditions: 0,
    listed: 0,
    characters: 0,
    patterns: 0,
  }

  constructor(columns: Columns) {
    this.#columns = columns
  }

  /** Values that are not a filter are refused where the filter is compiled. */
  entries(filter: object, depth: number): void {
    for (const [key, value] of Object.entries(filter)) {
      if (typeof value !== 'object' || value === null) continue
      if (key.startsWith('$')) this.#group(value, depth + 1)
      else this.#field(key, value)
    }
  }

  #group(value: object, depth: number): void {
    this.#add('depth', depth - this.#counts.depth)
    for (const filter of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (typeof filter !== 'object' || filter === null) continue
      // an empty list costs as much as a condition
      if (Object.keys(filter).length === 0) this.#add('conditions', 1)
      this.entries(filter, depth)
    }
  }

  #field(path: string, condition: object): void {
    const type = typeOf(path, this.#columns)
    for (const [operator, wanted] of Object.entries(condition)) {
      this.#add('conditions', 1)
      if (operator === '$regex') this.#add('patterns', 1)
      const isList = (operator === '$in' || operator === '$nin') && Array.isArray(wanted)
      if (isList) this.#add('listed', wanted.length)
      for (const value of isList ? (wanted as readonly unknown[]) : [wanted]) {
        const isText = typeof value === 'string'
        if (isText) this.#add('characters', value.length)
        // such a text names another field, except in a list
        if (type === undefined || (!isList && isPlaceholder(value))) continue
        requireComparable({ path, operator, type }, value)
      }
    }
  }

  #add(what: Counted, more: number): void {
    if (more <= 0) return
    this.#counts[what] += more
    if (this.#counts[what] <= most[what]) return
    throw refused(`it has more than ${most[what]} ${names[what]}`)
  }
}

/** The type of the values under a path; undefined where it can be any. */
function typeOf(path: string, columns: Columns): ColumnType | undefined {
  if (path === 'id') return 'string'
  const tag = path.startsWith('tags__') ? path.slice('tags__'.length) : ''
  return Object.hasOwn(columns, tag) ? columns[tag] : undefined
}

interface Comparison {
  readonly path: string
  readonly operator: string
  readonly type: ColumnType
}

const kinds: Readonly<Record<ColumnType, string>> = {
  int: 'number',
  float: 'number',
  string: 'string',
  bool: 'boolean',
}

function requireComparable({ path, operator, type }: Comparison, value: unknown): void {
  if (operator === '$exists') return
  const kind = kinds[type]
  if (operator === '$regex' || operator === '$size') {
    if (kind !== 'string') throw refused(`'${path}' holds ${plural[kind]}, and ${operator} is for texts`)
    return
  }
  const isOrder = orders.includes(operator)
  if (isOrder && type === 'bool') throw refused(`'${path}' holds true or false, which have no order`)
  if (typeof value === kind || (!isOrder && (value === null || value === undefined))) return
  throw refused(`'${path}' holds ${plural[kind]}, and ${operator} compares it with ${show(value)}`)
}

const plural: Readonly<Record<string, string>> = {
  number: 'numbers',
  string: 'texts',
  boolean: 'true or false',
}

function refused(what: string): MillraceError {
  return new MillraceError('INVALID_INPUT', `VectorIndexer: the filter cannot be used: ${what}.`)
}
