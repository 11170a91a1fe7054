import { compileFilter, type Filter } from '../document/filter.js'
import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Probe } from './metric.js'
import type { Columns } from './options.js'
import { type Where, whereOf } from './where.js'

/** A filter in both its forms. */
export interface Condition extends Where {
  readonly test: (document: Document) => boolean
}

/** What is asked of one version. */
export interface Question {
  readonly probes: readonly Probe[]
  readonly limit: number
  /** Passes an approximate index by. */
  readonly exact: boolean
  /** Whether the vectors of what is found are wanted. */
  readonly withEmbeddings: boolean
  readonly condition: Condition | undefined
  readonly signal: AbortSignal
}

/** The filter among a request's parameters. Throws INVALID_INPUT for one that cannot be used. */
export function conditionOf(
  parameters: Readonly<Record<string, unknown>>,
  columns: Columns,
): Condition | undefined {
  const filter = parameters.filter
  if (filter === undefined || filter === null) return undefined
  if (typeof filter !== 'object' || Array.isArray(filter)) throw invalid('filter', 'an object', filter)
  const test = compileFilter(filter as Filter)
  return { ...whereOf(filter as Filter, columns), test }
}

/** A whole number from 1 among the parameters. */
export function limitOf(parameters: Readonly<Record<string, unknown>>, preset: number): number {
  const limit = parameters.limit ?? preset
  if (Number.isSafeInteger(limit) && (limit as number) >= 1) return limit as number
  throw invalid('limit', 'a whole number from 1', limit)
}

export function flagOf(
  parameters: Readonly<Record<string, unknown>>,
  name: string,
  preset: boolean,
): boolean {
  const flag = parameters[name] ?? preset
  if (typeof flag === 'boolean') return flag
  throw invalid(name, 'true or false', flag)
}

/** The list of ids among the parameters. */
export function idsAmong(parameters: Readonly<Record<string, unknown>>): readonly string[] {
  const ids = parameters.ids ?? []
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw invalid('ids', 'a list of texts', ids)
}

/** The folder that a snapshot goes to or comes from. */
export function pathOf(parameters: Readonly<Record<string, unknown>>): string {
  const { path } = parameters
  if (typeof path === 'string' && path !== '') return path
  throw invalid('path', 'the name of a folder', path)
}

export function requireWanted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new MillraceError('CANCELLED', 'The caller went away, or its time is up.', { cause: signal.reason })
  }
}

function invalid(name: string, expected: string, value: unknown): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `VectorIndexer: the parameter ${name} must be ${expected}, not ${JSON.stringify(value)}.`,
  )
}
