import type { PodStatus } from '../control/status.js'
import { countOf, type Distribution } from '../observe/metrics/histogram.js'
import { duration } from './duration.js'
import { oneLine } from './terminal.js'

/** For each endpoint with batching one line about the batches of a stage's pods: how many, their size and the waits. */
export function renderBatches(pods: readonly PodStatus[]): readonly string[] {
  const all = pods.flatMap(({ batches = [] }) => batches)
  const endpoints = [...new Set(all.map(({ endpoint }) => endpoint))]
  return endpoints.map((endpoint) => {
    const own = all.filter((each) => each.endpoint === endpoint)
    const documents = own.map((each) => each.documents)
    const batches = total(documents.map(countOf))
    const most = Math.max(...own.map(({ size }) => size))
    if (batches === 0) return `  batches of ${oneLine(endpoint)}: none yet, size ${most}`
    const mean = (meanOf(documents) ?? 0).toFixed(1)
    const wait = duration(meanOf(own.map(({ waitMs }) => waitMs)) ?? 0)
    const each = `${mean} documents each, size ${most}, waits of ${wait}`
    return `  batches of ${oneLine(endpoint)}: ${batches}, ${each}`
  })
}

function meanOf(all: readonly Distribution[]): number | undefined {
  const count = total(all.map(countOf))
  return count === 0 ? undefined : total(all.map(({ sum }) => sum)) / count
}

function total(all: readonly number[]): number {
  return all.reduce((sum, each) => sum + each, 0)
}
