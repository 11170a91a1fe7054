import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { show } from '../lib/show.js'
import { describeValue } from './describe-value.js'

/** How requests for one endpoint are joined; resolved, with defaults filled in. */
export interface Batching {
  /**
   * Most documents in one call of the handler, or their most weight, 1 to 100,000. Default 4, as in Jina; with `adaptive`
   * 1,024.
   */
  readonly size: number
  /** Most milliseconds that a request waits for a batch to fill, 0 to 3,600,000. Default 10,000, as in Jina. */
  readonly timeoutMs: number
  /**
   * What happens when no batch runs. `flush`: queued documents start at once, even when they are fewer than `size`. `wait`:
   * they wait for `size` or `timeoutMs`, as in Jina. Default `flush`.
   */
  readonly idle: 'flush' | 'wait'
  /**
   * What happens when the handler throws. `fail`: every request of the batch fails. `isolate`: the handler is called again with
   * each half of the requests, so that only the requests that cause the error fail. Default `fail`.
   */
  readonly onError: 'fail' | 'isolate'
  /**
   * What a document counts towards `size`, a number above 0: its tokens, say. Called once for each document when its request
   * arrives. A document above `size` runs alone. Only in the class of an Executor. Default: 1.
   */
  readonly weight?: (document: Document) => number
  /**
   * Finds the size, up to `size`, of which a call of the handler takes at most `targetMs`: 1 to 3,600,000 milliseconds. Only
   * with `idle: 'flush'`. Default false: batches have up to `size` documents.
   */
  readonly adaptive?: Adaptive | false
}

/** How the size of batches is found; docs/batching.md has the rule. */
export interface Adaptive {
  /** Most milliseconds that a call of the handler should take. */
  readonly targetMs: number
}

/** Options of `batch: { … }` and `dynamicBatching`. */
export type BatchOptions = Partial<Batching>

/** Options of one endpoint, or false for no batching. */
export type BatchChoice = BatchOptions | false

/** The options in a static map, where TypeScript takes words for any string; the words are checked when the Flow is built. */
export type StaticBatchOptions = Omit<BatchOptions, 'idle' | 'onError'> & {
  readonly idle?: string
  readonly onError?: string
}

/** Options by endpoint, or by the name of the method that serves it. */
export type DynamicBatching = Readonly<Record<string, BatchChoice>>

const preset: Batching = { size: 4, timeoutMs: 10_000, idle: 'flush', onError: 'fail' }
/** The default of `size` with `adaptive`. */
const adaptiveSize = 1024

/** Jina's names of our options (jina.md 2.8). */
const jinaNames: Readonly<Record<string, keyof Batching>> = {
  preferred_batch_size: 'size',
  timeout: 'timeoutMs',
  timeout_ms: 'timeoutMs',
  on_error: 'onError',
}
/** Jina's options whose only supported value is their default. */
const jinaDefaults = { flush_all: false, use_custom_metric: false, custom_metric: null }

const known = [...Object.keys(preset), 'weight', 'adaptive']

interface Check {
  readonly expected: string
  accepts(value: unknown): boolean
}

const checks: Readonly<Record<string, Check>> = {
  size: wholeNumber(1, 100_000),
  timeoutMs: wholeNumber(0, 3_600_000),
  idle: oneOf('flush', 'wait'),
  onError: oneOf('fail', 'isolate'),
  weight: { expected: 'a function of a Document', accepts: (value) => typeof value === 'function' },
  adaptive: { expected: '{ targetMs } with a whole number from 1 to 3600000, or false', accepts: isAdaptive },
}

/**
 * Checks batching options; accepts Jina's names too. Only options that are set are returned. False for `false`, `null` and
 * Jina's `use_dynamic_batching: false`.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, UNSUPPORTED; `where` begins the message
 */
export function parseBatching(value: unknown, where: string): BatchChoice {
  if (value === false || value === null) return false
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: expected { size, timeoutMs, idle, onError, weight, adaptive } or false, not ${describeValue(value)}.`,
    )
  }
  const { use_dynamic_batching: use = true, ...given } = value as Record<string, unknown>
  if (typeof use !== 'boolean')
    throw invalid(where, 'use_dynamic_batching', { expected: 'true or false', value: use })
  const entries = Object.entries(given)
    .filter(([key, option]) => option !== undefined && !isJinaDefault(key, option, where))
    .map(([key, option]) => parseEntry(key, option, where))
  return use ? Object.fromEntries(entries) : false
}

/** Checks the options of several endpoints that a stage has. @throws UNKNOWN_OPTION, INVALID_OPTION, UNSUPPORTED */
export function parseDynamicBatching(value: object, where: string): DynamicBatching {
  const entries = Object.entries(value).map(([name, options]) => {
    const choice = parseBatching(options, `${where}['${name}']`)
    if (choice !== false && choice.weight !== undefined) throw notHere(`${where}['${name}']`)
    return [name, choice]
  })
  return Object.fromEntries(entries)
}

/** Options of two places, by endpoint: those of `over` win one by one. */
export function mergeBatching(under: DynamicBatching, over: DynamicBatching): DynamicBatching {
  const merged: Record<string, BatchChoice> = { ...under }
  for (const [name, options] of Object.entries(over)) merged[name] = mergeChoices(merged[name], options)!
  return merged
}

/** The options of `over` over those of `under`. Undefined when neither says anything. */
export function mergeChoices(
  under: BatchChoice | undefined,
  over: BatchChoice | undefined,
): BatchChoice | undefined {
  if (over === undefined || over === false) return over ?? under
  return under === undefined || under === false ? over : { ...under, ...over }
}

/** The options of a stage for one endpoint: those of its path over those of its method. */
export function choiceOf(
  batching: DynamicBatching,
  { path, method }: { path: string; method: string },
): BatchChoice | undefined {
  const own = (name: string) => (Object.hasOwn(batching, name) ? batching[name] : undefined)
  return mergeChoices(own(method), own(path))
}

/** Fills in defaults; null for no batching. */
export function resolveBatching(choice: BatchChoice | undefined): Batching | null {
  if (choice === undefined || choice === false) return null
  const isAdaptive = choice.adaptive !== undefined && choice.adaptive !== false
  return { ...preset, ...(isAdaptive && { size: adaptiveSize }), ...choice }
}

/** Options with the names that Jina has for them; options that Jina does not have are left out. */
export function jinaBatching(batching: DynamicBatching): Readonly<Record<string, object>> {
  const entries = Object.entries(batching).map(([name, options]) => {
    if (options === false) return [name, { use_dynamic_batching: false }]
    const { size, timeoutMs } = options
    const sizes = size === undefined ? {} : { preferred_batch_size: size }
    return [name, timeoutMs === undefined ? sizes : { ...sizes, timeout: timeoutMs }]
  })
  return Object.fromEntries(entries)
}

function parseEntry(key: string, value: unknown, where: string): [string, unknown] {
  const name = jinaNames[key] ?? key
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined
  if (check === undefined) {
    const near = nearest(key, [...known, ...Object.keys(jinaNames)])
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean '${near}'?`
    throw new MillraceError('UNKNOWN_OPTION', `${where}: there is no option '${key}'; ${hint}`)
  }
  if (!check.accepts(value)) throw invalid(where, key, { expected: check.expected, value })
  return [name, isTarget(value) ? { targetMs: targetOf(value) } : value]
}

type Target = { readonly targetMs: unknown } | { readonly target_ms: unknown }

function isTarget(value: unknown): value is Target {
  if (typeof value !== 'object' || value === null) return false
  const keys = Object.keys(value)
  return keys.length === 1 && (keys[0] === 'targetMs' || keys[0] === 'target_ms')
}

function targetOf(value: Target): unknown {
  return 'targetMs' in value ? value.targetMs : value.target_ms
}

function isAdaptive(value: unknown): boolean {
  return value === false || (isTarget(value) && wholeNumber(1, 3_600_000).accepts(targetOf(value)))
}

function isJinaDefault(key: string, value: unknown, where: string): boolean {
  if (!Object.hasOwn(jinaDefaults, key)) return false
  if (value === false || value === null) return true
  const reason =
    key === 'flush_all'
      ? 'a batch never has more documents than its size'
      : 'a batch counts documents, or what weight in the class of the Executor says'
  throw new MillraceError('UNSUPPORTED', `${where}: ${key} is not supported: ${reason}. Leave it out.`)
}

/** A stage is plain data, which goes to pods and into YAML. */
function notHere(where: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `${where}: weight is a function, which a stage cannot have. Write it in the Executor's class: @requests({ on, batch: { weight } }).`,
  )
}

function invalid(
  where: string,
  key: string,
  { expected, value }: { readonly expected: string; readonly value: unknown },
): MillraceError {
  const given = typeof value === 'string' ? `'${value}'` : shown(value)
  return new MillraceError('INVALID_OPTION', `${where}: ${key} must be ${expected}, not ${given}.`)
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : show(value)
}

function wholeNumber(min: number, max: number): Check {
  return {
    expected: `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}

function oneOf(...choices: readonly string[]): Check {
  return {
    expected: choices.map((choice) => `'${choice}'`).join(' or '),
    accepts: (value) => typeof value === 'string' && choices.includes(value),
  }
}
