import type { Group } from './group.js'
import { compareScores, type Order, orderOf } from './order.js'
import type { Outline } from './outline.js'
import type { Ranking } from './ranking.js'
import { scoresOf } from './scores.js'

/**
 * The best of the matches that several lists have: by score, equal ones by id, and as many as the limit says. Without a
 * score to go by they stay in their order.
 */
export function best(
  groups: readonly Group[],
  lists: readonly (readonly Outline[])[],
  ranking: Ranking,
): readonly Group[] {
  const scores = new Map<Outline, Map<string, number>>()
  const columns = lists.map((list) =>
    list.map((match) => {
      const own = scoresOf(match)
      scores.set(match, own)
      return own
    }),
  )
  const order = orderOf(columns, ranking)
  // all matches have the score, so the first one of a group has it and keeps it
  const sorted =
    order === undefined ? groups : inOrder(groups, order, ({ documents }) => scores.get(documents[0])!)
  return ranking.limit === null ? sorted : sorted.slice(0, ranking.limit)
}

function inOrder(
  groups: readonly Group[],
  { by, direction }: Order,
  scoresOfGroup: (group: Group) => ReadonlyMap<string, number>,
): Group[] {
  return groups
    .map((group) => ({ group, id: group.documents[0].id, score: scoresOfGroup(group).get(by)! }))
    .sort((left, right) => compareScores(left.score, right.score, direction) || compareIds(left.id, right.id))
    .map(({ group }) => group)
}

/** By UTF-16 code units. */
function compareIds(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
