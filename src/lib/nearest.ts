/**
 * The known word that was most likely meant, or undefined when none is close enough: at most a third of its letters may
 * differ. Distance: Damerau–Levenshtein with adjacent swaps (optimal string alignment), ignoring case and `_` / `-`.
 *
 * @example
 * nearest('replica', ['replicas', 'shards']) // 'replicas'
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const other = plain(candidate)
    const steps = distance(wanted, other)
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3))
    if (steps <= allowed && steps < least) {
      least = steps
      best = candidate
    }
  }
  return best
}

/** Edits (insert, delete, replace, swap of neighbours) that turn `from` into `to`. */
export function distance(from: string, to: string): number {
  let twoBack: number[] = []
  let oneBack = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let steps = Math.min(
        oneBack[column]! + 1,
        current[column - 1]! + 1,
        oneBack[column - 1]! + (same ? 0 : 1),
      )
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) steps = Math.min(steps, twoBack[column - 2]! + 1)
      current.push(steps)
    }
    twoBack = oneBack
    oneBack = current
  }
  return oneBack[to.length]!
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, '')
}
