import { batchSummaries } from '../control/batches.js'
import type { PodStatus } from '../control/status.js'
import { duration } from '../lib/duration.js'
import { oneLine } from './terminal.js'

/** For each endpoint with batching one line about the batches of a stage's pods: how many, their size and the waits. */
export function renderBatches(pods: readonly PodStatus[]): readonly string[] {
  return batchSummaries(pods).map(({ endpoint, batches, size, meanDocuments, meanWaitMs }) => {
    if (batches === 0) return `  batches of ${oneLine(endpoint)}: none yet, size ${size}`
    const each = `${meanDocuments.toFixed(1)} documents each, size ${size}, waits of ${duration(meanWaitMs)}`
    return `  batches of ${oneLine(endpoint)}: ${batches}, ${each}`
  })
}
