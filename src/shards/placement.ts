import { MillraceError } from '../errors.js'
import { compileKey } from '../wire/lists/key.js'
import { placeOf } from './place.js'

/** Creates a function that assigns encoded documents to shards. It throws INVALID_INPUT for a document without a key. */
export function placement(key: string, shards: number): (document: Uint8Array) => number {
  const read = compileKey(key)
  return (document) => {
    const value = read(document)
    if (value !== undefined) return placeOf(value, shards)
    const id = readId(document) ?? 'without an id'
    const what = `Document ${id} has no ${key}, by which this stage places its documents (polling KEY).`
    throw new MillraceError(
      'INVALID_INPUT',
      `${what} Set it, also where a document is only updated or deleted.`,
    )
  }
}

const readId = compileKey('id')
