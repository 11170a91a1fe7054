import type { Ranking } from './ranking.js'

/** The score by which matches are ordered, and the direction. */
export interface Order {
  readonly by: string
  readonly direction: Direction
}

type Direction = 'ascending' | 'descending'
type Scores = ReadonlyMap<string, number>

/** The order of matches, from the scores in the lists of the shards; undefined when none fits. */
export function orderOf(lists: readonly (readonly Scores[])[], ranking: Ranking): Order | undefined {
  const first = lists[0]?.[0]
  if (first === undefined) return undefined
  const names = ranking.by === null ? [...first.keys()] : [ranking.by]
  let second: Order | undefined
  for (const by of names) {
    if (!lists.every((list) => list.every((scores) => scores.has(by)))) continue
    if (ranking.by !== null && ranking.order !== null) return { by, direction: ranking.order }
    const found = directionOf(lists, by, ranking.order ?? 'ascending')
    if (found === undefined) continue
    if (ranking.order === null || found === ranking.order) return { by, direction: found }
    // sorted in reverse: the requested order applies, unless the list is sorted by another score
    second ??= { by, direction: ranking.order }
  }
  return second
}

/** The direction in which all lists are sorted; `preferred` when both fit because all values are equal. */
function directionOf(
  lists: readonly (readonly Scores[])[],
  by: string,
  preferred: Direction,
): Direction | undefined {
  const directions: Direction[] = [preferred, preferred === 'ascending' ? 'descending' : 'ascending']
  return directions.find((direction) => lists.every((list) => isSorted(list, by, direction)))
}

function isSorted(list: readonly Scores[], by: string, direction: Direction): boolean {
  return list.every(
    (scores, at) => at === 0 || compareScores(list[at - 1]!.get(by)!, scores.get(by)!, direction) <= 0,
  )
}

/** Negative when `left` is better; NaN is worse than any number. */
export function compareScores(left: number, right: number, direction: Direction): number {
  if (left === right) return 0
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1
  if (Number.isNaN(right)) return -1
  return left < right === (direction === 'ascending') ? -1 : 1
}
