import { field, fieldOf } from '../../document/fields.js'
import { valueTags } from '../../document/struct.js'
import { Reader } from '../../lib/protobuf/reader.js'

const kinds: readonly number[] = Object.values(valueTags)

/**
 * One of the tags of a DocumentProto by its path; nothing else is decoded but keys. Undefined when it is missing, null, a
 * list or an object. Of what occurs more than once the last one counts, as in `decodeStruct`. Throws MALFORMED.
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
    if (fieldOf(tag) === field.tags) value = valueOf(reader.nested(), first) ?? value
    else reader.skip(tag)
  }
  for (const key of rest) {
    if (value === undefined || seekKind(value) !== valueTags.structValue) return undefined
    value = valueOf(value.nested(), key)
  }
  return value === undefined ? undefined : scalarOf(value)
}

function scalarOf(value: Reader): string | number | boolean | undefined {
  switch (seekKind(value)) {
    case valueTags.stringValue:
      return value.string()
    case valueTags.numberValue:
      return value.double()
    case valueTags.boolValue:
      return value.bool()
    default:
      return undefined
  }
}

/** The google.protobuf.Value of a key, unread; an empty one for an entry that has none. */
function valueOf(struct: Reader, key: string): Reader | undefined {
  let found: Reader | undefined
  while (!struct.done) {
    const tag = struct.tag()
    if (tag !== 10) {
      struct.skip(tag)
      continue
    }
    const entry = struct.nested()
    let name = ''
    let value = new Reader(entry.buffer, 0, 0)
    while (!entry.done) {
      const part = entry.tag()
      if (part === 10) name = entry.string()
      else if (part === 18) value = entry.nested()
      else entry.skip(part)
    }
    if (name === key) found = value
  }
  return found
}

/** Moves to the last kind of value there is and gives its tag; 0 when there is none. */
function seekKind(value: Reader): number {
  let kind = 0
  let at = value.position
  while (!value.done) {
    const tag = value.tag()
    if (kinds.includes(tag)) {
      kind = tag
      at = value.position
    }
    value.skip(tag)
  }
  value.position = at
  return kind
}
