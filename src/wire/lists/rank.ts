import type { Group } from './group.js'
import { compareScores, type Order, orderOf } from './order.js'
import type { Outline } from './outline.js'
import type { Ranking } from './ranking.js'
import { scoresOf } from './scores.js'

/**
 * The best matches of several lists: by score, equal scores by id, up to the limit. Without a score to sort by they keep
 * their order.
 */
export function best(
  groups: readonly Group[],
  lists: readonly (readonly Outline[])[],
  ranking: Ranking,
): readonly Group[] {
  const scores = lists.map((list) => list.map(scoresOf))
  const order = orderOf(scores, ranking)
  const sorted = order === undefined ? groups : inOrder(groups, scores, order)
  return ranking.limit === null ? sorted : sorted.slice(0, ranking.limit)
}

function inOrder(
  groups: readonly Group[],
  scores: readonly (readonly ReadonlyMap<string, number>[])[],
  { by, direction }: Order,
): Group[] {
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
