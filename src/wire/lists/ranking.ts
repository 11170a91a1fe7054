/**
 * How the matches that several shards found for one Document are combined: best scores first, in one list as long as that
 * of a single index. Also applies to the matches of chunks and of matches.
 */
export interface Ranking {
  /** Most matches that a Document keeps; null for all. */
  readonly limit: number | null
  /** Name of the score. Null: the first score that all matches have and by which the lists of the shards are sorted. */
  readonly by: string | null
  /** Whether the best score is the smallest or the largest. Null: as the lists are sorted. */
  readonly order: 'ascending' | 'descending' | null
}

/** Whether nothing is said about the order or number of matches. */
export function isUnranked({ limit, by, order }: Ranking): boolean {
  return limit === null && by === null && order === null
}

/** How matches are ordered where Documents are merged; null keeps all of them in the order of the lists, as DocArray does. */
export type MatchOrder = Ranking | null
