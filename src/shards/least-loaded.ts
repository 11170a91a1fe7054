import type { DataRequest } from '../wire/data-request.js'
import type { Shard } from './shard.js'

/**
 * Orders shards by load. Among equally loaded shards, the one that was sent the fewest bytes so far comes first, so that a
 * client that sends one request after the other fills them evenly.
 */
export class LeastLoaded {
  readonly #shards: readonly Shard[]
  readonly #given: number[]

  constructor(shards: readonly Shard[]) {
    this.#shards = shards
    this.#given = shards.map(() => 0)
  }

  order(): readonly Shard[] {
    return this.#shards
      .map((shard, index) => ({ shard, pressure: shard.pressure(), given: this.#given[index]! }))
      .sort((one, other) => compare(one.pressure, other.pressure) || one.given - other.given)
      .map(({ shard }) => shard)
  }

  /** Records that a request was sent to a shard. */
  note(shard: Shard, { data }: Pick<DataRequest, 'data'>): void {
    this.#given[this.#shards.indexOf(shard)]! += 1 + (data?.byteLength ?? 0)
  }
}

/** Compares two numbers; two infinities are equal, where a subtraction would give NaN. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other
}
