import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Batching } from '../executor/batching.js'
import { show } from '../lib/show.js'

/**
 * What each document counts towards the size of a batch; undefined when each counts 1.
 *
 * @throws INVALID_RESULT when the user's `weight` does not return a number above 0, and what it throws
 */
export function weightsOf(
  docs: readonly Document[],
  { weight }: Pick<Batching, 'weight'>,
): readonly number[] | undefined {
  return weight && docs.map((document) => checkedWeight(weight(document)))
}

function checkedWeight(weight: unknown): number {
  if (typeof weight === 'number' && weight > 0 && weight < Number.POSITIVE_INFINITY) return weight
  throw new MillraceError(
    'INVALID_RESULT',
    `weight of the batching returned ${show(weight)}; the weight of a document is a number above 0.`,
  )
}
