/**
 * How the matches that several shards found for one Document are put together: those with the best scores first, in one
 * list of the length that a single index would have given. It holds for the matches of chunks and of matches too.
 */
export interface Ranking {
  /** How many matches a Document keeps at most; null for all. */
  readonly limit: number | null
  /** Name of the score. Null: the first one that all matches have and by which the lists of the shards are sorted. */
  readonly by: string | null
  /** Whether the best score is the smallest or the largest. Null: the order that the lists have. */
  readonly order: 'ascending' | 'descending' | null
}
