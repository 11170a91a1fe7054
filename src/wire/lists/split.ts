import { MillraceError } from '../../errors.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import { placesIn } from './list.js'
import { Rope } from './rope.js'

/** The Documents of a request that go to one shard, in their order. */
export interface Share {
  readonly shard: number
  /** A DocumentArrayProto in pieces to be written one after the other; each holds whole Documents. */
  readonly pieces: readonly Uint8Array[]
  /** Where each of them was in the request. */
  readonly positions: readonly number[]
}

/** A share for each shard that gets any Documents, by shard. */
export type Split = readonly Share[]

/**
 * Deals the Documents of a list out to shards 0 to `shards` - 1, each to the one that `place` gives for its undecoded
 * DocumentProto. Fields of the list that are not known go with its last Document. In slices. Throws
 * MALFORMED, and INVALID_OPTION when `place` gives no shard.
 */
export function* splitDocuments(
  list: Uint8Array,
  place: (document: Uint8Array) => number,
  shards: number,
): Sliced<Split> {
  const slice = new Slice()
  const shares = new Map<number, { shard: number; rope: Rope; positions: number[] }>()
  const unknown = new Rope()
  const documents = yield* placesIn(list, (from, end) => unknown.add(list, from, end))
  for (const [position, { from, start, end }] of documents.entries()) {
    if (slice.isFull(end - start)) yield
    const shard = checked(place(list.subarray(start, end)), shards)
    let share = shares.get(shard)
    if (share === undefined) shares.set(shard, (share = { shard, rope: new Rope(), positions: [] }))
    share.rope.add(list, from, end)
    share.positions.push(position)
    if (position === documents.length - 1) share.rope.append(unknown)
  }
  const split: Share[] = []
  for (const { shard, rope, positions } of shares.values())
    split.push({ shard, pieces: yield* rope.pieces(), positions })
  return split.sort((left, right) => left.shard - right.shard)
}

function checked(shard: number, shards: number): number {
  if (Number.isInteger(shard) && shard >= 0 && shard < shards) return shard
  throw new MillraceError(
    'INVALID_OPTION',
    `What places Documents gives a shard from 0 to ${shards - 1}, got ${shard}.`,
  )
}
