import type { Field } from './fields.js'

/** Evicted entries are cut off the list once there are so many. */
const mostEvicted = 64

/**
 * The fields that a peer's encoder has added, newest first (RFC 7541, 2.3.2).
 *
 * The sizes of its entries sum up to at most `limit`; the oldest ones are evicted.
 */
export class DynamicTable {
  /** Grows with each change, so that equal blocks with equal versions mean the same. */
  version = 0
  #limit: number
  #bytes = 0
  /** Oldest first; those before `#first` are evicted. */
  #fields: (Field | undefined)[] = []
  #first = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The entry at an index, 0 for the newest; undefined when there is none. */
  at(index: number): Field | undefined {
    const position = this.#fields.length - 1 - index
    return position < this.#first ? undefined : this.#fields[position]
  }

  add(field: Field): void {
    this.version++
    this.#evict(this.#limit - field.size)
    if (field.size > this.#limit) return
    this.#fields.push(field)
    this.#bytes += field.size
  }

  resize(limit: number): void {
    this.version++
    this.#limit = limit
    this.#evict(limit)
  }

  #evict(bytes: number): void {
    while (this.#bytes > bytes && this.#first < this.#fields.length) {
      this.#bytes -= this.#fields[this.#first]!.size
      this.#fields[this.#first++] = undefined
    }
    if (this.#first < mostEvicted && this.#first < this.#fields.length) return
    this.#fields.splice(0, this.#first)
    this.#first = 0
  }
}
