import { MillraceError } from '../errors.js'
import { awaitedIn, endsOf, entry, inOrder, lastOf, type Node } from '../topology/graph.js'
import { isUnranked } from '../wire/lists/ranking.js'
import type { ReducePlan } from './sharding.js'

/** What edges are resolved from. */
interface PlannedNode extends Node {
  readonly floating: boolean
  /** Name of the stage whose `usesBefore` or `usesAfter` it is. */
  readonly partOf: string | null
}

/** A stage that a stage which is not floating needs is not floating either, as in Jina. */
export function awaiting<S extends PlannedNode>(stages: readonly S[]): readonly S[] {
  const awaited = awaitedIn(stages)
  return stages.map((stage) => (stage.floating && awaited.has(stage) ? { ...stage, floating: false } : stage))
}

/** Names of the stages that `needsAll()` joins: those that no stage needs. @throws INVALID_OPTION when there is none */
export function openEnds(stages: readonly PlannedNode[]): readonly string[] {
  const ends = endsOf(stages).map(({ name, partOf }) => partOf ?? name)
  if (ends.length > 0) return ends
  throw new MillraceError(
    'INVALID_OPTION',
    'needsAll() joins the stages that no other stage needs, and there is none.',
  )
}

/**
 * The stages that a stage needs. A given name is that of an added stage, and stands for its `usesAfter` if that is a stage of
 * its own. Default: the last stage that is not floating.
 *
 * @throws INVALID_OPTION for unknown and repeated names
 */
export function resolveNeeds(
  given: readonly string[],
  name: string,
  stages: readonly PlannedNode[],
): readonly string[] {
  if (given.length === 0) return [lastOf(stages)?.name ?? entry]
  const added = stages.filter(({ partOf }) => partOf === null)
  inOrder([...added.map((stage) => ({ name: stage.name, needs: [entry] })), { name, needs: given }])
  return given.map(
    (need) => stages.find((stage) => stage.name === afterOf(need) && stage.partOf === need)?.name ?? need,
  )
}

/** Name of the stage that `usesAfter` of a stage becomes. */
export function afterOf(name: string): string {
  return `${name}_after`
}

/** A stage that may be a join. */
interface Joining extends Node {
  readonly shards: number
  readonly reduce: ReducePlan
}

/** @throws INVALID_OPTION: one `reduce` cannot merge both branches and shards, unless it is a yes or no. */
export function checkJoin({ name, needs, shards, reduce }: Joining): void {
  if (reduce.kind === 'changes' && shards > 1) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}' has ${shards} shards, and reduce: 'changes' is for branches. Put a join in front: add({ name: 'join', needs, reduce: 'changes' }), then this stage.`,
    )
  }
  if (needs.length === 1) return
  const isPlain = reduce.kind === 'concatenate' || (reduce.kind === 'merge' && isUnranked(reduce.ranking))
  if (shards > 1 && !isPlain) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}' joins ${needs.length} stages and has ${shards} shards, so reduce could be meant for either. Put a join in front: add({ name: 'join', needs }), then this stage.`,
    )
  }
}
