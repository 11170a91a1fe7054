import { countOf, type Distribution } from '../observe/metrics/histogram.js'
import type { PodStatus } from './status.js'

/** The batches of one endpoint, over the pods of a stage. */
export interface BatchSummary {
  readonly endpoint: string
  /** How many batches have run. */
  readonly batches: number
  /** Mean number of documents of a batch; 0 without batches. */
  readonly meanDocuments: number
  /** The most that a batch may have now, at the pod where that is most. */
  readonly size: number
  /** Mean wait of a request until the first of its documents began to run; 0 without batches. */
  readonly meanWaitMs: number
  /** How many batches had up to so many documents, of sizes that occurred; `Infinity` is the last bucket. */
  readonly sizes: readonly { readonly upTo: number; readonly batches: number }[]
}

/** One summary for each endpoint with batching. */
export function batchSummaries(pods: readonly Pick<PodStatus, 'batches'>[]): readonly BatchSummary[] {
  const all = pods.flatMap(({ batches = [] }) => batches)
  const endpoints = [...new Set(all.map(({ endpoint }) => endpoint))]
  return endpoints.map((endpoint) => {
    const own = all.filter((each) => each.endpoint === endpoint)
    const documents = own.map((each) => each.documents)
    return {
      endpoint,
      batches: total(documents.map(countOf)),
      meanDocuments: meanOf(documents),
      size: Math.max(...own.map(({ size }) => size)),
      meanWaitMs: meanOf(own.map(({ waitMs }) => waitMs)),
      sizes: sizesOf(documents),
    }
  })
}

function sizesOf(documents: readonly Distribution[]): BatchSummary['sizes'] {
  const counts = new Map<number, number>()
  for (const { bounds, counts: own } of documents) {
    for (const [bucket, count] of own.entries()) {
      const upTo = bounds[bucket] ?? Infinity
      if (count > 0) counts.set(upTo, (counts.get(upTo) ?? 0) + count)
    }
  }
  return [...counts].map(([upTo, batches]) => ({ upTo, batches })).sort((a, b) => a.upTo - b.upTo)
}

function meanOf(all: readonly Distribution[]): number {
  const count = total(all.map(countOf))
  return count === 0 ? 0 : total(all.map(({ sum }) => sum)) / count
}

function total(all: readonly number[]): number {
  return all.reduce((sum, each) => sum + each, 0)
}
