import type { Metric, Probe } from './metric.js'
import type { Scored, Top } from './top.js'
import { rowsAtOnce, type Vectors } from './vectors.js'

export interface Scan<T extends Scored> {
  readonly metric: Metric
  readonly probes: readonly Probe[]
  readonly tops: readonly Top<T>[]
  /** What is kept of a row that is among the best. */
  readonly take: (place: number, score: number) => T
}

/** Offers the places `from` to `to` to every query; of a mask only those that are 1. */
export function scanRows<T extends Scored>(
  { metric, probes, tops, take }: Scan<T>,
  { vectors, from, to, mask }: { vectors: Vectors; from: number; to: number; mask: Uint8Array | undefined },
): void {
  for (let start = from; start < to; start += rowsAtOnce) {
    const end = Math.min(to, start + rowsAtOnce)
    for (const [index, top] of tops.entries()) {
      const scores = vectors.score(metric, probes[index]!, { from: start, to: end })
      let worst = top.worst
      for (let place = start; place < end; place++) {
        const score = scores[place - start]!
        if (score > worst || (mask !== undefined && mask[place] === 0)) continue
        top.offer(take(place, score))
        worst = top.worst
      }
    }
  }
}
