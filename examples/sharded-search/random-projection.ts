import { seededRandom } from '../scale-out/corpus/random.js'

/**
 * Projects long sparse rows to short dense ones with about the same angles: each column has a random row of signs, and a
 * text is the weighted sum of the rows of its words (D. Achlioptas, "Database-friendly random projections", 2003). The
 * same seed gives the same signs in every process.
 */
export class RandomProjection {
  readonly dimensions: number
  readonly #signs: Int8Array

  constructor({ columns, dimensions, seed }: { columns: number; dimensions: number; seed: number }) {
    const random = seededRandom(seed)
    this.dimensions = dimensions
    this.#signs = new Int8Array(columns * dimensions)
    for (let at = 0; at < this.#signs.length; at++) this.#signs[at] = random(2) * 2 - 1
  }

  /** Has euclidean length 1, except for a row without entries. */
  project(row: Iterable<readonly [column: number, weight: number]>): Float32Array {
    const sums = new Float64Array(this.dimensions)
    for (const [column, weight] of row) {
      const from = column * this.dimensions
      for (let at = 0; at < sums.length; at++) sums[at]! += weight * this.#signs[from + at]!
    }
    const length = Math.hypot(...sums) || 1
    return Float32Array.from(sums, (sum) => sum / length)
  }
}
