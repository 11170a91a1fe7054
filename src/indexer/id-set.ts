/** Longest search for a slot. At most half of the slots are used, so a hash that spreads ids well needs far fewer. */
const maxProbes = 256

const initialSlots = 1024

/**
 * Ids by their hashes, in 16 to 32 bytes per id.
 *
 * 1. `has` is true for every id that was added. For another id it is true about once in 10^18 / `size` calls.
 * 2. A set that needs more than `maxBytes`, or in which ids share slots because somebody chose them so, holds every id.
 */
export class IdSet {
  readonly #maxBytes: number
  /** Random, so that nobody can choose ids that share a slot. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32)
  /** Two hashes for each slot; the second one is 0 where the slot is free. */
  #slots = new Uint32Array(2 * initialSlots)
  #size = 0
  #holdsAll = false
  #first = 0
  #second = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether `has` is true for every id. */
  get holdsAll(): boolean {
    return this.#holdsAll
  }

  has(id: string): boolean {
    if (this.#holdsAll) return true
    this.#hash(id)
    const at = this.#find()
    return at === undefined || this.#slots[at + 1] !== 0
  }

  add(id: string): void {
    if (this.#holdsAll) return
    this.#hash(id)
    this.#put()
    if (this.#size * 4 > this.#slots.length) this.reserve(this.#size + 1)
  }

  /** Makes room for this many ids. */
  reserve(ids: number): void {
    let { length } = this.#slots
    while (ids * 4 > length) length *= 2
    if (length * Uint32Array.BYTES_PER_ELEMENT > this.#maxBytes) return this.#holdAll()
    if (length === this.#slots.length) return
    const former = this.#slots
    this.#slots = new Uint32Array(length)
    this.#size = 0
    for (let at = 0; at < former.length; at += 2) {
      if (former[at + 1] === 0) continue
      this.#first = former[at]!
      this.#second = former[at + 1]!
      this.#put()
    }
  }

  clear(): void {
    this.#slots = new Uint32Array(2 * initialSlots)
    this.#size = 0
    this.#holdsAll = false
  }

  #put(): void {
    const at = this.#find()
    if (at === undefined) return this.#holdAll()
    if (this.#slots[at + 1] !== 0) return
    this.#slots[at] = this.#first
    this.#slots[at + 1] = this.#second
    this.#size++
  }

  #holdAll(): void {
    this.clear()
    this.#holdsAll = true
  }

  /** Index of the slot with both hashes, or of the free one where they belong. */
  #find(): number | undefined {
    const slots = this.#slots
    const last = slots.length - 1
    let at = (this.#first * 2) & last
    for (let probes = 0; probes < maxProbes; probes++) {
      const second = slots[at + 1]
      if (second === 0 || (second === this.#second && slots[at] === this.#first)) return at
      at = (at + 2) & last
    }
    return undefined
  }

  /** Two multiplicative hashes (FNV-1a with different primes), each mixed as in MurmurHash3. */
  #hash(id: string): void {
    let first = this.#seed
    let second = ~this.#seed
    for (let at = 0; at < id.length; at++) {
      const unit = id.charCodeAt(at)
      first = Math.imul(first ^ unit, 0x01000193)
      second = Math.imul(second ^ unit, 0x85ebca6b)
      second ^= second >>> 15
    }
    this.#first = mixed(first)
    this.#second = mixed(second) | 1
    // unsigned, as the slots are
    this.#second >>>= 0
  }
}

function mixed(hash: number): number {
  let value = hash ^ (hash >>> 16)
  value = Math.imul(value, 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
