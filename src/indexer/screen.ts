import { type Bound, boundAt, boundOf, lowestBound } from './bound.js'
import { type Codes, rowsTogether } from './codes.js'
import type { Probe } from './metric.js'
import type { Range, Scan } from './scan.js'
import type { Scored } from './top.js'

/** Skips rows that cannot be among the best according to their codes, before they are scored. */
export class Screen {
  readonly #codes: Codes
  readonly #queries: readonly Int16Array[]

  constructor(codes: Codes, probes: readonly Probe[]) {
    this.#codes = codes
    this.#queries = probes.map((probe) => codes.codeOf(probe))
  }

  /** Offers the slots of a range to every query, as `scanRows` does. */
  offer<T extends Scored>({ metric, probes, tops, take }: Scan<T>, { vectors, from, to, mask }: Range): void {
    const codes = this.#codes
    const norms = vectors.norms
    const lengths = extent(norms, from, to)
    for (const [index, probe] of probes.entries()) {
      const top = tops[index]!
      codes.use(this.#queries[index]!)
      let worst = top.worst
      let bound: Bound = boundOf(metric, probe, worst)
      let lowest = lowestBound(bound, lengths)
      for (let four = from; four < to; four += rowsTogether) {
        four = codes.seek(four, to, lowest)
        for (let slot = four; slot < Math.min(four + rowsTogether, to); slot++) {
          if (codes.products[slot - four]! < boundAt(bound, norms[slot]!)) continue
          if (mask !== undefined && mask[slot] === 0) continue
          const score = vectors.score(metric, probe, { from: slot, to: slot + 1 })[0]!
          if (score > worst) continue
          top.offer(take(slot, score))
          if (top.worst === worst) continue
          worst = top.worst
          bound = boundOf(metric, probe, worst)
          lowest = lowestBound(bound, lengths)
        }
      }
    }
  }
}

function extent(numbers: Float64Array, from: number, to: number): { min: number; max: number } {
  let [min, max] = [Infinity, 0]
  for (let at = from; at < to; at++) {
    const number = numbers[at]!
    if (number < min) min = number
    if (number > max) max = number
  }
  return { min, max }
}
