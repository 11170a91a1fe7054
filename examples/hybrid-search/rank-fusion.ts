/** How little the ranks far down count (the value of the paper). */
const K = 60

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): the score of an item is the sum of 1 / (60 + rank) over the lists
 * that have it, ranks from 1. It needs no scores, so that lists with different ones can be combined.
 */
export function fuseRanks<Item>(lists: readonly (readonly Item[])[]): Map<Item, number> {
  const scores = new Map<Item, number>()
  for (const list of lists) {
    for (const [at, item] of list.entries()) scores.set(item, (scores.get(item) ?? 0) + 1 / (K + at + 1))
  }
  return scores
}
