import { valueTags } from '../document/struct.js'
import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'

export interface StructLimits {
  readonly bytes: number
  /** Members of objects and items of lists, of all levels together. */
  readonly values: number
  /** Levels of objects and lists below the top. */
  readonly depth: number
}

/**
 * Goes once over a google.protobuf.Struct, in time linear in its bytes, and decodes nothing. What it passes is what
 * `decodeStruct` can decode, in a time and a space that the limits bound; it ends where a limit is exceeded.
 *
 * @throws MALFORMED for what is no Struct, INVALID_INPUT for one that is more than the limits say
 */
export function checkStruct(struct: Uint8Array, limits: StructLimits): void {
  if (struct.length > limits.bytes) throw refusal(`${struct.length} bytes`, limits.bytes, 'Bytes')
  new Check(limits).struct(new Reader(struct), 0)
}

class Check {
  readonly #limits: StructLimits
  #values = 0

  constructor(limits: StructLimits) {
    this.#limits = limits
  }

  struct(struct: Reader, depth: number): void {
    this.#enter(depth)
    while (!struct.done) {
      const tag = struct.tag()
      if (tag !== 10) {
        struct.skip(tag)
        continue
      }
      this.#count()
      const entry = struct.nested()
      while (!entry.done) {
        const field = entry.tag()
        if (field === 18) this.#value(entry.nested(), depth)
        else entry.skip(field)
      }
    }
  }

  #value(value: Reader, depth: number): void {
    while (!value.done) {
      const tag = value.tag()
      if (tag === valueTags.structValue) this.struct(value.nested(), depth + 1)
      else if (tag === valueTags.listValue) this.#list(value.nested(), depth + 1)
      else value.skip(tag)
    }
  }

  #list(list: Reader, depth: number): void {
    this.#enter(depth)
    while (!list.done) {
      const tag = list.tag()
      if (tag !== 10) {
        list.skip(tag)
        continue
      }
      this.#count()
      this.#value(list.nested(), depth)
    }
  }

  #enter(depth: number): void {
    if (depth > this.#limits.depth)
      throw refusal('more levels of objects and lists', this.#limits.depth, 'Depth')
  }

  #count(): void {
    if (++this.#values > this.#limits.values)
      throw refusal('more values, of all levels together', this.#limits.values, 'Values')
  }
}

function refusal(what: string, limit: number, option: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `The parameters of this request have ${what}; at most ${limit} are allowed (requestLimits.parameter${option} of the Flow). Send large data as documents, or raise the limit.`,
  )
}
