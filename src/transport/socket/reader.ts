import type { OnReadOpts } from 'node:net'
import { sharedScratch } from '../../sockets/scratch.js'
import type { Inbox } from '../frames/inbox.js'

/**
 * Reads a socket without its stream: small frames into memory that all sockets share, the rest of a large frame directly into
 * its memory. It is the socket's `onread`.
 */
export class SocketReader implements OnReadOpts {
  readonly #scratch = sharedScratch()
  #inbox: Inbox | null = null
  #target: Uint8Array | null = null

  open(inbox: Inbox): void {
    this.#inbox = inbox
  }

  readonly buffer = (): Uint8Array => {
    this.#target = this.#inbox?.target ?? null
    return this.#target ?? this.#scratch
  }

  readonly callback = (bytes: number): boolean => {
    if (this.#target === null) this.#inbox?.push(this.#scratch.subarray(0, bytes))
    else this.#inbox?.filled(bytes)
    return true
  }
}
