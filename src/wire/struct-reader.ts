import { valueTags } from '../document/struct.js'
import { decodeText } from '../lib/protobuf/text.js'
import { Reader } from '../lib/protobuf/reader.js'

const keyTag = 10
const valueTag = 18
const entryTag = 10

/**
 * Iterates over the entries of a google.protobuf.Struct; values are not decoded, keys only on access. It reads what
 * `decodeStruct` reads: the last key and value of an entry count, other fields are skipped. Of two entries with the same key
 * the later one counts; callers must take care of that. Throws MALFORMED where bytes are not a message; values are not
 * checked.
 *
 * @example
 * const entries = new StructReader(bytes)
 * while (entries.next()) if (entries.keyIs('top_k')) return entries.value()
 */
export class StructReader {
  readonly #struct: Uint8Array
  readonly #reader: Reader
  #from = 0
  #keyFrom = 0
  #keyEnd = 0
  #valueFrom = 0
  #valueEnd = 0

  constructor(struct: Uint8Array) {
    this.#struct = struct
    this.#reader = new Reader(struct)
  }

  /** Moves to the next entry; false when there is none. */
  next(): boolean {
    const reader = this.#reader
    while (!reader.done) {
      const from = reader.position
      const tag = reader.tag()
      if (tag === entryTag) {
        this.#from = from
        this.#read(reader.nested())
        return true
      }
      reader.skip(tag)
    }
    return false
  }

  get key(): string {
    return decodeText(this.#struct, this.#keyFrom, this.#keyEnd)
  }

  /** Whether the key is this one; cheaper than comparing `key`. */
  keyIs(key: string): boolean {
    const length = this.#keyEnd - this.#keyFrom
    // UTF-8 takes one to three bytes for each UTF-16 unit
    if (length < key.length || length > key.length * 3) return false
    const first = key.charCodeAt(0)
    if (first < 0x80 && this.#struct[this.#keyFrom] !== first) return false
    return this.key === key
  }

  /** Whether the key has `__` with text before and after it, as in `exec__top_k` but not in `__results__`. */
  get keyIsPrefixed(): boolean {
    const bytes = this.#struct
    const [from, end] = [this.#keyFrom, this.#keyEnd]
    if (end - from < 4 || isSeparator(bytes, from) || isSeparator(bytes, end - 2)) return false
    for (let at = from + 1; at < end - 2; at++) if (isSeparator(bytes, at)) return true
    return false
  }

  /** Where the entry begins in the Struct, as a field with its tag. */
  get from(): number {
    return this.#from
  }

  get end(): number {
    return this.#reader.position
  }

  /** A reader of the google.protobuf.Value; empty when the entry has none. */
  value(): Reader {
    return new Reader(this.#struct, this.#valueFrom, this.#valueEnd)
  }

  /** The google.protobuf.Value as bytes. */
  get valueBytes(): Uint8Array {
    return this.#struct.subarray(this.#valueFrom, this.#valueEnd)
  }

  /** The google.protobuf.Struct that is the value; undefined for any other value. Throws MALFORMED. */
  get object(): Uint8Array | undefined {
    return objectOf(this.value())
  }

  #read(entry: Reader): void {
    this.#keyFrom = this.#keyEnd = this.#valueFrom = this.#valueEnd = 0
    while (!entry.done) {
      const tag = entry.tag()
      if (tag === keyTag) {
        const length = entry.span()
        this.#keyEnd = entry.position
        this.#keyFrom = entry.position - length
      } else if (tag === valueTag) {
        const length = entry.span()
        this.#valueEnd = entry.position
        this.#valueFrom = entry.position - length
      } else entry.skip(tag)
    }
  }
}

/** A reader of the value of a key in a Struct; undefined when there is no such key. Throws MALFORMED. */
export function valueIn(struct: Uint8Array, key: string): Reader | undefined {
  const entries = new StructReader(struct)
  let found: Reader | undefined
  while (entries.next()) if (entries.keyIs(key)) found = entries.value()
  return found
}

/** The Struct that is the value of a key; undefined when it has another value or none. Throws MALFORMED. */
export function objectIn(struct: Uint8Array, key: string): Uint8Array | undefined {
  const value = valueIn(struct, key)
  return value && objectOf(value)
}

/** The Struct of a google.protobuf.Value; undefined for any other value. Throws MALFORMED. */
export function objectOf(value: Reader): Uint8Array | undefined {
  return seekKind(value) === valueTags.structValue ? value.bytes() : undefined
}

/** The string, number or boolean of a google.protobuf.Value; undefined for any other value. Throws MALFORMED. */
export function scalarOf(value: Reader): string | number | boolean | undefined {
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

const kinds: ReadonlySet<number> = new Set(Object.values(valueTags))

/** Moves to the last kind of the value and returns its tag; 0 when there is none. */
function seekKind(value: Reader): number {
  let kind = 0
  let at = value.position
  while (!value.done) {
    const tag = value.tag()
    if (kinds.has(tag)) {
      kind = tag
      at = value.position
    }
    value.skip(tag)
  }
  value.position = at
  return kind
}

const underscore = 0x5f

function isSeparator(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === underscore && bytes[at + 1] === underscore
}
