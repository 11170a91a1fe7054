import { compileFilter, type Filter } from '../document/filter.js'
import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { checkFilter } from './check-filter.js'
import type { Probe } from './metric.js'
import type { Columns } from './options.js'
import { flagOf, invalid } from './parameters.js'
import { type Where, whereOf } from './where.js'

/** A filter, both compiled and as SQL. */
export interface Condition extends Where {
  readonly test: (document: Document) => boolean
}

/** A read of one version. */
export interface Question {
  readonly probes: readonly Probe[]
  readonly limit: number
  /** Bypasses the approximate index. */
  readonly exact: boolean
  /** Whether the vectors of the results are wanted. */
  readonly withEmbeddings: boolean
  readonly condition: Condition | undefined
  readonly signal: AbortSignal
}

/** The filter among a request's parameters. Throws INVALID_INPUT for an unusable one. */
export function conditionOf(
  parameters: Readonly<Record<string, unknown>>,
  columns: Columns,
): Condition | undefined {
  const filter = parameters.filter
  if (filter === undefined || filter === null) return undefined
  if (typeof filter !== 'object' || Array.isArray(filter)) throw invalid('filter', 'an object', filter)
  checkFilter(filter as Filter, columns)
  const test = compileFilter(filter as Filter)
  return { ...whereOf(filter as Filter, columns), test }
}

/**
 * The filter of a `/delete`. Throws INVALID_INPUT for a filter that passes everything, unless `all` is given, which must then
 * be the only parameter: a filter whose values are missing must not empty the index.
 */
export function deletedBy(
  parameters: Readonly<Record<string, unknown>>,
  { columns, hasIds }: { readonly columns: Columns; readonly hasIds: boolean },
): Condition | undefined {
  const condition = conditionOf(parameters, columns)
  const passesAll = condition?.exact === true && condition.sql === 'true'
  if (!flagOf(parameters, 'all', false)) {
    if (!passesAll) return condition
    throw new MillraceError(
      'INVALID_INPUT',
      'VectorIndexer: this filter matches every document; to delete all documents send { all: true }.',
    )
  }
  if (!hasIds && (condition === undefined || passesAll)) return conditionOf({ filter: {} }, columns)
  throw new MillraceError(
    'INVALID_INPUT',
    'VectorIndexer: { all: true } deletes every document, and cannot be combined with documents, ids or a filter.',
  )
}

export function requireWanted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new MillraceError('CANCELLED', 'The caller disconnected, or its deadline passed.', {
      cause: signal.reason,
    })
  }
}
