import type { Metric, Probe } from './metric.js'
import type { Screen } from './screen.js'
import type { Scored, Top } from './top.js'
import { rowsAtOnce, type Vectors } from './vectors.js'

export interface Scan<T extends Scored> {
  readonly metric: Metric
  readonly probes: readonly Probe[]
  readonly tops: readonly Top<T>[]
  /** What is kept of a row that is among the best. */
  readonly take: (place: number, score: number) => T
  /** Changes nothing of what is found. Without it every row is scored. */
  readonly screen?: Screen | undefined
}

export interface Range {
  readonly vectors: Vectors
  readonly from: number
  readonly to: number
  readonly mask: Uint8Array | undefined
}

/** Offers the places `from` to `to` to every query; of a mask only those that are 1. */
export function scanRows<T extends Scored>(scan: Scan<T>, { vectors, from, to, mask }: Range): void {
  for (let start = from; start < to; start += rowsAtOnce) {
    const range = { vectors, from: start, to: Math.min(to, start + rowsAtOnce), mask }
    if (scan.screen === undefined) offerAll(scan, range)
    else scan.screen.offer(scan, range)
  }
}

function offerAll<T extends Scored>(
  { metric, probes, tops, take }: Scan<T>,
  { vectors, from, to, mask }: Range,
): void {
  for (const [index, top] of tops.entries()) {
    const scores = vectors.score(metric, probes[index]!, { from, to })
    let worst = top.worst
    for (let place = from; place < to; place++) {
      const score = scores[place - from]!
      if (score > worst || (mask !== undefined && mask[place] === 0)) continue
      top.offer(take(place, score))
      worst = top.worst
    }
  }
}
