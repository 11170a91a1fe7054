import { free } from '../budget/free.js'

/** Memory that is taken for the first bytes of something whose size is unknown or not proven yet. */
const firstBytes = 64 * 1024

/** Memory taken at a time, compared to what it must hold. Untouched memory costs address space only. */
const growth = 4

/** From so many bytes on all of the memory is taken, because copying what there is would hold up everybody else. */
const provenBytes = 16 * 1024 * 1024

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
    this.#memory = memory(Math.min(wanted, firstBytes))
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
    const grown = memory(needed > provenBytes ? this.#wanted : Math.min(this.#wanted, needed * growth))
    grown.set(this.#memory.subarray(0, this.#have))
    free(this.#memory)
    this.#memory = grown
  }
}

/** Not cleared, and not of Buffer's pool. */
function memory(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
}
