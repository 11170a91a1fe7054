/** Slots of a table that is new or has become empty. */
const fewest = 16

/**
 * Values by id, for what comes and goes with every request. A Map is not used there, because V8 links each table of a Map that
 * is full of deleted entries to the one that replaces it, for iterators that are still under way. Once one of them is in the old
 * generation, all that follow it count as alive until the next full collection, each with the values that it had last: dead
 * requests are copied instead of dropped. That cost the gateway two fifths more CPU
 * (docs/decisions/0058-what-observing-costs.md).
 *
 * A hash table with linear probing, in which entries behind a deleted one move up. It is replaced only when it grows, and when it
 * was large and has become empty.
 */
export class IdTable<Value extends object> {
  /** As signed 32-bit integers. */
  #ids = new Int32Array(fewest)
  #values: (Value | undefined)[] = empty(fewest)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `id`: an integer below 2³². */
  get(id: number): Value | undefined {
    return this.#values[this.#find(id | 0)]
  }

  has(id: number): boolean {
    return this.get(id) !== undefined
  }

  set(id: number, value: Value): void {
    const slot = this.#find(id | 0)
    if (this.#values[slot] !== undefined) {
      this.#values[slot] = value
      return
    }
    this.#put(slot, id | 0, value)
    if (++this.#size * 2 > this.#ids.length) this.#resize(this.#ids.length * 2)
  }

  /** False when there was none. */
  delete(id: number): boolean {
    const values = this.#values
    let free = this.#find(id | 0)
    if (values[free] === undefined) return false
    values[free] = undefined
    if (--this.#size === 0 && values.length > 64 * fewest) {
      this.clear()
      return true
    }
    const mask = values.length - 1
    for (let slot = (free + 1) & mask; values[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = this.#home(this.#ids[slot]!)
      // it must stay where its home is behind the free slot
      if (((slot - home) & mask) < ((slot - free) & mask)) continue
      this.#put(free, this.#ids[slot]!, values[slot]!)
      values[slot] = undefined
      free = slot
    }
    return true
  }

  clear(): void {
    this.#ids = new Int32Array(fewest)
    this.#values = empty(fewest)
    this.#size = 0
  }

  /**
   * In the order of their ids. Values that are deleted meanwhile are left out; those that are added with a larger id follow, as in a
   * Map.
   */
  *values(): Generator<Value, undefined> {
    let last = -1
    for (let ids = this.#idsAbove(last); ids.length > 0; ids = this.#idsAbove(last)) {
      for (const id of ids) {
        const value = this.get(id)
        if (value !== undefined) yield value
        last = id
      }
    }
  }

  #idsAbove(last: number): number[] {
    const ids: number[] = []
    for (const [slot, value] of this.#values.entries()) {
      const id = this.#ids[slot]! >>> 0
      if (value !== undefined && id > last) ids.push(id)
    }
    return ids.sort((one, other) => one - other)
  }

  /** The slot with the id, or the one where it belongs. */
  #find(id: number): number {
    const values = this.#values
    const ids = this.#ids
    const mask = values.length - 1
    let slot = this.#home(id)
    while (values[slot] !== undefined && ids[slot] !== id) slot = (slot + 1) & mask
    return slot
  }

  /** Ids of streams are all odd. */
  #home(id: number): number {
    return (id ^ (id >>> 1)) & (this.#values.length - 1)
  }

  #put(slot: number, id: number, value: Value): void {
    this.#ids[slot] = id
    this.#values[slot] = value
  }

  #resize(slots: number): void {
    const ids = this.#ids
    const values = this.#values
    this.#ids = new Int32Array(slots)
    this.#values = empty(slots)
    for (const [slot, value] of values.entries())
      if (value !== undefined) this.#put(this.#find(ids[slot]!), ids[slot]!, value)
  }
}

function empty(slots: number): undefined[] {
  return Array.from({ length: slots }, () => undefined)
}
