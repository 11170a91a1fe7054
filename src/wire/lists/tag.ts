import { field, fieldOf } from '../../document/fields.js'
import { Reader } from '../../lib/protobuf/reader.js'
import { objectOf, scalarOf, valueIn } from '../struct-reader.js'

/**
 * A tag of a DocumentProto by its path; only keys on the path are decoded. Undefined when it is missing, null, a list or an
 * object. Of repeated fields the last one counts, as in `decodeStruct`. Throws MALFORMED.
 */
export function decodeTag(
  document: Uint8Array,
  path: readonly string[],
): string | number | boolean | undefined {
  const [first, ...rest] = path as [string, ...string[]]
  const reader = new Reader(document)
  let value: Reader | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (fieldOf(tag) === field.tags) value = valueIn(reader.bytes(), first) ?? value
    else reader.skip(tag)
  }
  for (const key of rest) {
    const object = value === undefined ? undefined : objectOf(value)
    value = object === undefined ? undefined : valueIn(object, key)
  }
  return value === undefined ? undefined : scalarOf(value)
}
