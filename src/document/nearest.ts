import { MillraceError } from '../errors.js'
import { type MetricFunction, type MetricName, metrics } from './distance.js'
import type { Document } from './document.js'
import { field } from './fields.js'
import { compileFilter, type Filter } from './filter.js'
import { record } from './record.js'
import type { Tensor } from './tensor.js'
import { toVector, type Vector } from './vector.js'

/** How `find` and `match` search. */
export interface FindOptions {
  /** A distance: `cosine` (default), `euclidean`, `sqeuclidean`, or a function of two vectors. */
  readonly metric?: MetricName | MetricFunction
  /** Most Documents to find; default 20, `null` for all. */
  readonly limit?: number | null
  /** Scales the distances of one query linearly so that the smallest becomes the first number, the largest the second. */
  readonly normalization?: readonly [number, number]
  /** Name of the score; default the metric's name. */
  readonly metricName?: string
  /** Leaves out the Document with the id of the query. */
  readonly excludeSelf?: boolean
  /** Results only have an id and a score. */
  readonly onlyId?: boolean
  /** Only searches Documents that pass. */
  readonly filter?: Filter
}

export interface Found {
  readonly document: Document
  readonly distance: number
}

/** The candidates with an embedding, their vectors prepared once. Documents without one are left out. */
export interface Candidates {
  readonly documents: readonly Document[]
  readonly vectors: readonly Vector[]
}

export function candidatesOf(documents: Iterable<Document>, { filter }: FindOptions): Candidates {
  const passes = filter === undefined ? () => true : compileFilter(filter)
  const chosen: Document[] = []
  const vectors: Vector[] = []
  for (const document of documents) {
    const embedding = document[record].get(field.embedding) as Tensor | undefined
    if (embedding === undefined || !passes(document)) continue
    chosen.push(document)
    vectors.push(toVector(embedding))
  }
  return { documents: chosen, vectors }
}

/** The candidates closest to a query, closest first; ties keep their order. `id` is the query's own. */
export function nearest(
  query: { readonly tensor: Tensor; readonly id?: string },
  { documents, vectors }: Candidates,
  options: FindOptions,
): Found[] {
  const metric = metricOf(options)
  const vector = toVector(query.tensor)
  const distances = new Float64Array(vectors.length)
  for (const [index, candidate] of vectors.entries()) {
    if (candidate.kind !== vector.kind || candidate.size !== vector.size) throw unlike(vector, candidate)
    distances[index] = metric(vector, candidate)
  }
  const order = Array.from(distances.keys())
    .filter((index) => options.excludeSelf !== true || documents[index]!.id !== query.id)
    .sort((left, right) => compare(distances[left]!, distances[right]!) || left - right)
    .slice(0, options.limit === null ? undefined : (options.limit ?? 20))
  const scale = scaleOf(distances, options.normalization)
  return order.map((index) => ({ document: documents[index]!, distance: scale(distances[index]!) }))
}

export function scoreName({ metric = 'cosine', metricName }: FindOptions): string {
  return metricName ?? (typeof metric === 'string' ? metric : metric.name || 'distance')
}

function metricOf({ metric = 'cosine' }: FindOptions): MetricFunction {
  if (typeof metric === 'function') return metric
  if (Object.hasOwn(metrics, metric)) return metrics[metric]
  throw new MillraceError(
    'INVALID_INPUT',
    `Metric '${metric}' does not exist; there are ${Object.keys(metrics).join(', ')}.`,
  )
}

/** Ascending, NaN last. */
function compare(left: number, right: number): number {
  if (left < right) return -1
  if (left > right) return 1
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
}

/**
 * DocArray's min–max over all finite distances of a query, also those beyond the limit. An infinite distance becomes the second
 * number, NaN stays.
 */
function scaleOf(
  distances: Float64Array,
  range: readonly [number, number] | undefined,
): (distance: number) => number {
  if (range === undefined) return (distance) => distance
  const [first, last] = range
  let least = Infinity
  let most = -Infinity
  for (const distance of distances) {
    if (!Number.isFinite(distance)) continue
    if (distance < least) least = distance
    if (distance > most) most = distance
  }
  return (distance) => {
    if (distance === Infinity) return last
    const scaled = ((last - first) * (distance - least)) / (most - least + 1e-7) + first
    return Math.min(Math.max(first, last), Math.max(Math.min(first, last), scaled))
  }
}

function unlike(query: Vector, candidate: Vector): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `A ${query.kind} query of ${query.size} dimensions cannot be compared with a ${candidate.kind} embedding of ${candidate.size}.`,
  )
}
