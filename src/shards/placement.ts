import type { DocArrayVersion } from '../document/list-version.js'
import { MillraceError } from '../errors.js'
import { compileKey } from '../wire/lists/key.js'
import { placeOf } from './place.js'

/** The shard of an encoded document of a format, by default v1. Throws INVALID_INPUT for a document without a key. */
export type Placement = (document: Uint8Array, version?: DocArrayVersion) => number

/** Creates a function that assigns encoded documents to shards. */
export function placement(key: string, shards: number): Placement {
  const read = compileKey(key)
  return (document, version) => {
    const value = read(document, version)
    if (value !== undefined) return placeOf(value, shards)
    const id = readId(document, version) ?? 'without an id'
    const what = `Document ${id} has no ${key}, by which this stage places its documents (polling KEY).`
    throw new MillraceError(
      'INVALID_INPUT',
      `${what} Set it, also where a document is only updated or deleted.`,
    )
  }
}

const readId = compileKey('id')
