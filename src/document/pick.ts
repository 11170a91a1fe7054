import { MillraceError } from '../errors.js'
import type { Document } from './document.js'
import type { DocumentArray } from './document-array.js'

/** Positions (from the end when negative), ids, or a mask with one boolean for each Document. */
export type Picks = readonly number[] | readonly string[] | readonly boolean[]

/** Throws INVALID_INPUT for a position or id that does not exist and for a mask of another length. */
export function pick(documents: DocumentArray, picks: Picks): Document[] {
  if (typeof picks[0] === 'boolean') return masked(documents, picks as readonly boolean[])
  return picks.map((choice: number | string | boolean) => {
    const document =
      typeof choice === 'number'
        ? documents.at(choice)
        : typeof choice === 'string'
          ? documents.get(choice)
          : undefined
    if (document !== undefined) return document
    throw new MillraceError(
      'INVALID_INPUT',
      `There is no Document ${JSON.stringify(choice)} among ${documents.length}; pick by position, id, or a mask.`,
    )
  })
}

function masked(documents: DocumentArray, mask: readonly boolean[]): Document[] {
  if (mask.length === documents.length) return Array.from(documents).filter((_, index) => mask[index])
  throw new MillraceError(
    'INVALID_INPUT',
    `A mask needs one boolean for each of ${documents.length} Documents, got ${mask.length}.`,
  )
}
