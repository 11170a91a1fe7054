import { MillraceError } from '../../../errors.js'
import { show } from '../../../lib/show.js'
import type { MetricKind } from '../../metric-names.js'
import { secondsBuckets } from '../histogram.js'

/** A metric of an Executor after its declaration was checked. */
export interface Declaration {
  readonly name: string
  readonly kind: MetricKind
  readonly help: string
  readonly labels: readonly string[]
  /** Of a histogram; else empty. */
  readonly buckets: readonly number[]
}

interface Written {
  readonly help?: unknown
  readonly labels?: unknown
  readonly buckets?: unknown
}

const word = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const mostBuckets = 50

/** Labels that Millrace or Prometheus sets. */
const reservedLabels: ReadonlySet<string> = new Set(['pod', 'stage', 'runtime_name', 'le', 'quantile'])

/** Those of `VectorIndexer`, an Executor as any other, are listed among the metrics of Millrace. */
const reservedName = /^(?:millrace_(?!index_)|jina_)/

/** Suffixes of the series of a histogram or summary. */
const suffixes = ['_sum', '_count', '_bucket']

/**
 * Checks a declaration by the rules of Prometheus (https://prometheus.io/docs/concepts/data_model/).
 *
 * @throws INVALID_OPTION
 */
export function declare(
  kind: MetricKind,
  name: string,
  { help, labels = [], buckets }: Written = {},
): Declaration {
  const where = `metric ${show(name)}`
  if (typeof name !== 'string' || !word.test(name))
    throw invalid(`${where}: a name has letters, digits and _, and begins with no digit.`)
  if (reservedName.test(name))
    throw invalid(`${where}: names that begin with millrace_ or jina_ are taken. Use a prefix of your own.`)
  return checked({ kind, name, help, labels, buckets }, where)
}

/** The summary of `monitor`, whose name begins with `jina_`. @throws INVALID_OPTION */
export function declareMonitor(name: string, documentation: unknown): Declaration {
  const where = `monitor ${show(name)}`
  if (typeof name !== 'string' || !word.test(name))
    throw invalid(`${where}: a name has letters, digits and _, and begins with no digit.`)
  return checked({ kind: 'summary', name: `jina_${name}`, help: documentation, labels: [] }, where)
}

function checked(
  {
    kind,
    name,
    help = name,
    labels,
    buckets,
  }: Written & { readonly kind: MetricKind; readonly name: string },
  where: string,
): Declaration {
  if ((kind === 'counter') !== name.endsWith('_total'))
    throw invalid(`${where}: the names of counters end with _total, and no others do.`)
  const suffix = suffixes.find((each) => name.endsWith(each))
  if (suffix !== undefined)
    throw invalid(`${where}: ${suffix} is the end of a series of a histogram; use another name.`)
  if (typeof help !== 'string') throw invalid(`${where}: help is a text, not ${show(help)}.`)
  if (!Array.isArray(labels)) throw invalid(`${where}: labels is a list of names, not ${show(labels)}.`)
  for (const label of labels as readonly unknown[]) checkLabel(label, where)
  if (new Set(labels).size < labels.length) throw invalid(`${where}: a label is listed twice.`)
  return { name, kind, help, labels: labels as string[], buckets: bucketsOf(kind, buckets, where) }
}

function checkLabel(label: unknown, where: string): void {
  if (typeof label !== 'string' || !word.test(label) || label.startsWith('__'))
    throw invalid(
      `${where}: label ${show(label)}: a label has letters, digits and _, and begins with no digit and not with __.`,
    )
  if (reservedLabels.has(label))
    throw invalid(`${where}: label '${label}' is set by Millrace or Prometheus. Use another name.`)
}

function bucketsOf(kind: MetricKind, buckets: unknown, where: string): readonly number[] {
  if (kind !== 'histogram') return []
  if (buckets === undefined) return secondsBuckets
  const isAscending = (bounds: readonly number[]): boolean =>
    bounds.every((bound, index) => Number.isFinite(bound) && (index === 0 || bound > bounds[index - 1]!))
  if (
    !Array.isArray(buckets) ||
    buckets.length === 0 ||
    buckets.length > mostBuckets ||
    !isAscending(buckets)
  )
    throw invalid(`${where}: buckets is an ascending list of 1 to ${mostBuckets} finite numbers.`)
  return [...(buckets as number[])]
}

export function invalid(message: string): MillraceError {
  return new MillraceError('INVALID_OPTION', message)
}
