import type { Group } from './group.js'
import { compareScores, type Order, orderOf } from './order.js'
import type { Identified } from './list.js'
import type { Ranking } from './ranking.js'

/** Reads the scores of a match by name, in their order on the wire. */
export type ReadScores<D> = (match: D) => ReadonlyMap<string, number>

/**
 * The best matches of several lists: by score, equal scores by id, up to the limit. Without a score to sort by they keep
 * their order.
 */
export function best<D extends Identified>(
  { groups, lists }: { readonly groups: readonly Group<D>[]; readonly lists: readonly (readonly D[])[] },
  ranking: Ranking,
  scoresOf: ReadScores<D>,
): readonly Group<D>[] {
  const scores = lists.map((list) => list.map(scoresOf))
  const order = orderOf(scores, ranking)
  const sorted = order === undefined ? groups : inOrder(groups, scores, order)
  return ranking.limit === null ? sorted : sorted.slice(0, ranking.limit)
}

function inOrder<D extends Identified>(
  groups: readonly Group<D>[],
  scores: readonly (readonly ReadonlyMap<string, number>[])[],
  { by, direction }: Order,
): Group<D>[] {
  // all matches have the score, so the first of a group provides it
  return groups
    .map((group) => ({ group, score: scores[group.list]![group.at]!.get(by)! }))
    .sort(
      (left, right) =>
        compareScores(left.score, right.score, direction) ||
        compareIds(left.group.documents[0].id, right.group.documents[0].id),
    )
    .map(({ group }) => group)
}

/** By UTF-16 code units. */
function compareIds(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
