import { type Block, type Metric, type Probe, scoreRows } from './metric.js'
import { type Scored, Top } from './top.js'

/** Rows that are scored for all queries while they are in the processor's cache. */
const rowsAtOnce = 256

export interface Scan<T extends Scored> {
  readonly metric: Metric
  readonly probes: readonly Probe[]
  readonly tops: readonly Top<T>[]
  /** What is kept of a row that is among the best. */
  readonly take: (place: number, score: number) => T
}

/** Offers the rows `from` to `to` of a block to every query; of a mask only those that are 1. */
export function scanRows<T extends Scored>(
  { metric, probes, tops, take }: Scan<T>,
  { block, from, to, mask }: { block: Block; from: number; to: number; mask: Uint8Array | undefined },
): void {
  const scores = probes.map(() => new Float64Array(rowsAtOnce))
  for (let start = from; start < to; start += rowsAtOnce) {
    const end = Math.min(to, start + rowsAtOnce)
    scoreRows(metric, probes, { block, from: start, to: end, scores })
    for (const [index, top] of tops.entries()) {
      const own = scores[index]!
      let worst = top.worst
      for (let place = start; place < end; place++) {
        const score = own[place - start]!
        if (score > worst || (mask !== undefined && mask[place] === 0)) continue
        top.offer(take(place, score))
        worst = top.worst
      }
    }
  }
}
