import { type DocArrayVersion, versionOfList } from '../../document/list-version.js'
import { MillraceError } from '../../errors.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import { documentsIn } from './list.js'
import { Rope } from './rope.js'

/** The Documents of a request that go to one shard, in their order. */
export interface Share {
  readonly shard: number
  /** A DocumentArrayProto in pieces to be written one after the other; each holds whole Documents. */
  readonly pieces: readonly Uint8Array[]
  /** The positions of its Documents in the request. */
  readonly positions: readonly number[]
}

/** The shares by shard, for shards that get any Documents. */
export type Split = readonly Share[]

/**
 * Distributes the Documents of a list over shards 0 to `shards` - 1: `shardOf` returns the shard for an undecoded
 * document of the format of the list, undefined if nothing tells it. Unknown fields of the list go with its last Document. In slices. Throws MALFORMED, and INVALID_OPTION when
 * `shardOf` returns anything else.
 */
export function* splitDocuments(
  list: Uint8Array,
  shardOf: (document: Uint8Array, version: DocArrayVersion | undefined) => number,
  shards: number,
): Sliced<Split> {
  const slice = new Slice()
  const version = versionOfList(list)
  const shares = new Map<number, { shard: number; rope: Rope; positions: number[] }>()
  const unknown = new Rope()
  const documents = yield* documentsIn(list, (from, end) => unknown.add(list, from, end))
  for (const [position, { from, start, end }] of documents.entries()) {
    if (slice.isFull(end - start)) yield
    const shard = checked(shardOf(list.subarray(start, end), version), shards)
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
    `The function that assigns Documents to shards must return a shard from 0 to ${shards - 1}, got ${shard}.`,
  )
}
