import type { Range, Scan } from './scan.js'
import type { Screen } from './screen.js'
import type { Scored } from './top.js'
import { rowsAtOnce } from './vectors.js'

export interface ScreenedScan<T extends Scored> extends Scan<T> {
  /** Skips rows without changing the result. Without it every row is scored. */
  readonly screen?: Screen | undefined
}

/** Offers the slots `from` to `to` to every query; with a mask only those whose mask is 1. */
export function scanRows<T extends Scored>(scan: ScreenedScan<T>, { vectors, from, to, mask }: Range): void {
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
    for (let slot = from; slot < to; slot++) {
      const score = scores[slot - from]!
      if (score > worst || (mask !== undefined && mask[slot] === 0)) continue
      top.offer(take(slot, score))
      worst = top.worst
    }
  }
}
