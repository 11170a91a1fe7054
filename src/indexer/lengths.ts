import { SerialQueue } from '../lib/serial-queue.js'
import { vectorsOf } from './rows.js'
import type { Version } from './store.js'
import { normOf } from './vectors.js'

/** Euclidean lengths, from the smallest to the largest. */
export interface LengthRange {
  readonly min: number
  readonly max: number
}

const none: LengthRange = { min: Infinity, max: 0 }

/**
 * The lengths of a table's vectors. Reads each row once: what was committed since the last call is found by its commit numbers.
 * Rows that were deleted may widen the range.
 */
export class Lengths {
  readonly #turns = new SerialQueue()
  #generation = ''
  /** The range covers every row of this version. */
  #number = -1
  #range = none

  /** A range that covers every row of the version. */
  of(version: Version): Promise<LengthRange> {
    if (this.#covers(version)) return Promise.resolve(this.#range)
    return this.#turns.run(() => this.#reach(version))
  }

  #covers({ generation, number }: Version): boolean {
    return generation === this.#generation && number <= this.#number
  }

  async #reach(version: Version): Promise<LengthRange> {
    if (this.#covers(version)) return this.#range
    const { generation, number, table, dim } = version
    const isLater = generation === this.#generation
    const query = table.query().select(['vector'])
    if (isLater) query.where(`commit > ${this.#number}`)
    let { min, max } = isLater ? this.#range : none
    for await (const batch of query) {
      const vectors = vectorsOf(batch)
      for (let from = 0; from < vectors.length; from += dim) {
        const length = normOf(vectors.subarray(from, from + dim))
        min = Math.min(min, length)
        max = Math.max(max, length)
      }
    }
    this.#generation = generation
    this.#number = number
    this.#range = { min, max }
    return this.#range
  }
}
