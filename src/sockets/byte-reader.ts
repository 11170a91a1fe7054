import type { OnReadOpts } from 'node:net'
import { sharedScratch } from './scratch.js'

/** Takes bytes of a socket, which are valid only during the call. */
export type TakeBytes = (bytes: Buffer) => void

/**
 * Reads a socket without its stream, into memory that all sockets of the thread share: a stream would allocate 64 KiB for each
 * read, which costs more than most of what follows. It is the socket's `onread`.
 */
export class ByteReader implements OnReadOpts {
  readonly buffer: Buffer = sharedScratch()
  #take: TakeBytes | undefined

  /** Call it before the socket is read. */
  open(take: TakeBytes): void {
    this.#take = take
  }

  /** Gives bytes to the taker that were read in another way. */
  give(bytes: Buffer): void {
    this.#take?.(bytes)
  }

  readonly callback = (bytes: number): boolean => {
    this.#take?.(this.buffer.subarray(0, bytes))
    return true
  }
}
