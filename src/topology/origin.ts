/** Where branches part. */
export interface Origin {
  /** Index of the last vertex that every way to the join goes through; -1 is the request of the client. */
  readonly index: number
  /** For each need of the join, whether no condition lies on the ways from there to it. */
  readonly isWhole: readonly boolean[]
}

/** What the answer of a stage depends on. */
interface Conditional {
  readonly joinsChanges?: boolean
  readonly when?: unknown
}

/**
 * Where the branches of each join of changes part; undefined for other stages. `needs` as in `dominatorsOf`.
 */
export function originsOf(
  stages: readonly Conditional[],
  needs: readonly (readonly number[])[],
): readonly (Origin | undefined)[] {
  const dominators = dominatorsOf(needs)
  return stages.map((stage, index) => {
    const given = needs[index]!
    const origin = dominators[index]!
    if (given.length === 1 || stage.joinsChanges !== true) return undefined
    const isFree = conditionFree(stages, needs, origin)
    return { index: origin, isWhole: given.map((need) => stage.when === undefined && isFree(need)) }
  })
}

/**
 * For each stage the last one before it that every way from the request (-1) to it goes through (Cooper, Harvey and Kennedy,
 * "A Simple, Fast Dominance Algorithm"). `needs`: the indexes of the stages that each stage needs, which come before it.
 */
export function dominatorsOf(needs: readonly (readonly number[])[]): readonly number[] {
  const dominators: number[] = []
  for (const given of needs) {
    dominators.push(given.reduce((left, right) => commonDominator(dominators, left, right)))
  }
  return dominators
}

/** The last stage that every way to both stages goes through. */
function commonDominator(dominators: readonly number[], left: number, right: number): number {
  let [one, other] = [left, right]
  while (one !== other) {
    if (one > other) one = dominators[one]!
    else other = dominators[other]!
  }
  return one
}

/** Whether no stage on the ways from an origin to a stage has a condition, that stage included. */
function conditionFree(
  stages: readonly Conditional[],
  needs: readonly (readonly number[])[],
  origin: number,
): (index: number) => boolean {
  const known = new Map<number, boolean>([[origin, true]])
  const isFree = (index: number): boolean => {
    const found = known.get(index)
    if (found !== undefined) return found
    const free = stages[index]!.when === undefined && needs[index]!.every(isFree)
    known.set(index, free)
    return free
  }
  return isFree
}
