import { type DocArrayVersion, versionOfList } from '../../document/list-version.js'
import { MillraceError } from '../../errors.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import { documentsIn, type FieldRange, type Identified } from './list.js'
import { outlineOf } from './outline.js'
import { outlineOfV2 } from './v2/outline.js'

/**
 * The format of several lists, which are to become one; undefined if none tells. Throws MALFORMED, and UNSUPPORTED for lists of both
 * formats.
 */
export function versionOfLists(lists: readonly Uint8Array[]): DocArrayVersion | undefined {
  const versions = new Set(lists.map(versionOfList))
  versions.delete(undefined)
  if (versions.size > 1)
    throw new MillraceError(
      'UNSUPPORTED',
      'Some of the answers have documents of DocArray v1, and others of v2, so they cannot be merged: have all stages answer in the format that ' +
        'they were asked in (docs/types.md).',
    )
  return [...versions][0]
}

/** Reads each Document of a list with `outline`. In slices. Throws as that does. */
export function* outlinesOf<D>(
  ranges: readonly FieldRange[],
  outline: (range: FieldRange) => D,
): Sliced<D[]> {
  const slice = new Slice()
  const outlines: D[] = []
  for (const range of ranges) {
    if (slice.isFull(range.end - range.start)) yield
    outlines.push(outline(range))
  }
  return outlines
}

/** The Documents of a list of either format, with their ids; all other fields are passed to `unknown`. In slices. Throws MALFORMED. */
export function* identifiedIn(
  list: Uint8Array,
  unknown?: (from: number, end: number) => void,
): Sliced<readonly Identified[]> {
  const ranges = yield* documentsIn(list, unknown)
  return versionOfList(list) === 'v2'
    ? yield* outlinesOf(ranges, outlineOfV2)
    : yield* outlinesOf(ranges, outlineOfV1)
}

/** The outline of a Document of v1 that is in no other. */
export const outlineOfV1 = (range: FieldRange): ReturnType<typeof outlineOf> => outlineOf(range, 0)
