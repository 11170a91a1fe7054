import { free } from '../budget/free.js'

/**
 * Capacities on the way to the whole size, which is allocated beyond the last of them. There are few, because a copy blocks
 * the thread, and because the holes that small buffers leave in the heap are of no use for larger ones. Untouched memory only
 * costs address space.
 */
const steps = [64 * 1024, 1024 * 1024, 16 * 1024 * 1024]

/**
 * Assembles bytes from pieces, copied into one growing buffer: a small piece does not keep the large buffer alive in which it
 * arrived, and a length that a client only claims costs nothing.
 */
export class GrowingBuffer {
  readonly #wanted: number
  #memory: Uint8Array<ArrayBuffer>
  #have = 0

  /** @param wanted most bytes that can be added */
  constructor(wanted: number) {
    this.#wanted = wanted
    this.#memory = memory(Math.min(wanted, steps[0]!))
  }

  get length(): number {
    return this.#have
  }

  /** How many more bytes can be added. */
  get missing(): number {
    return this.#wanted - this.#have
  }

  add(bytes: Uint8Array): void {
    const needed = this.#have + bytes.length
    if (needed > this.#memory.length) this.#grow(needed)
    this.#memory.set(bytes, this.#have)
    this.#have = needed
  }

  /** Returns all bytes; none may be added afterwards. */
  take(): Uint8Array {
    return this.#memory.subarray(0, this.#have)
  }

  /** Frees the memory at once, when the bytes are not needed any more. */
  discard(): void {
    free(this.#memory)
    this.#have = 0
  }

  #grow(needed: number): void {
    const grown = memory(Math.min(this.#wanted, steps.find((step) => step >= needed) ?? this.#wanted))
    grown.set(this.#memory.subarray(0, this.#have))
    free(this.#memory)
    this.#memory = grown
  }
}

/** Uninitialized, and not from Buffer's pool. */
function memory(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
}
