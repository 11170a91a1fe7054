/** Remembers what the header block meant that was decoded last without a change of the table: many blocks repeat. */
export class KnownBlock<T> {
  #block: Buffer | undefined
  #version = -1
  #meaning: T | undefined

  /** The meaning of a block, if it is the known one. `version`: of the decoder's table. */
  get(block: Buffer, version: number): T | undefined {
    return this.#version === version && this.#block?.equals(block) === true ? this.#meaning : undefined
  }

  set(block: Buffer, version: number, meaning: T): void {
    this.#block = Buffer.from(block)
    this.#version = version
    this.#meaning = meaning
  }
}
