import type { DataRequest } from '../wire/data-request.js'
import type { Shard } from './shard.js'

/**
 * Shards by how loaded they are. Of those that are equally loaded the one comes first that was given the fewest bytes so
 * far, so that a client that sends one request after the other fills them evenly.
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

  /** A shard was sent this. */
  note(shard: Shard, { data }: Pick<DataRequest, 'data'>): void {
    this.#given[this.#shards.indexOf(shard)]! += 1 + (data?.byteLength ?? 0)
  }
}

/** Infinity is as much as Infinity. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other
}
