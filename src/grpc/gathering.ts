import { free } from '../budget/free.js'

/**
 * Memory that is taken as more and more has come; beyond the last one all that is wanted. Few steps, because what is copied
 * holds up everybody else, and the holes that small memory leaves are of no use for larger one. Memory that was not written
 * to yet costs address space only.
 */
const steps = [64 * 1024, 1024 * 1024, 16 * 1024 * 1024]

/**
 * Bytes that come in pieces, copied into one memory that grows with them: a small piece must not keep the large buffer alive
 * that it came in, and a length that a client only claims costs nothing.
 */
export class Gathering {
  readonly #wanted: number
  #memory: Uint8Array<ArrayBuffer>
  #have = 0

  /** @param wanted how many bytes there may be, at most */
  constructor(wanted: number) {
    this.#wanted = wanted
    this.#memory = memory(Math.min(wanted, steps[0]!))
  }

  get length(): number {
    return this.#have
  }

  /** How many bytes may still come. */
  get missing(): number {
    return this.#wanted - this.#have
  }

  add(bytes: Uint8Array): void {
    const needed = this.#have + bytes.length
    if (needed > this.#memory.length) this.#grow(needed)
    this.#memory.set(bytes, this.#have)
    this.#have = needed
  }

  /** All of it; nothing may be added afterwards. */
  take(): Uint8Array {
    return this.#memory.subarray(0, this.#have)
  }

  /** Gives the memory back at once, when nobody is to have it. */
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

/** Not cleared, and not of Buffer's pool. */
function memory(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
}
