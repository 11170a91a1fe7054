import type { OnReadOpts } from 'node:net'
import type { Inbox } from '../frames/inbox.js'

/** Bytes to read at once while no large frame is being received. */
const scratchBytes = 64 * 1024

/**
 * Reads a socket without its stream: small frames into one reused buffer, the rest of a large frame directly into its memory.
 * Node supports this (`onread`) only on the connecting side.
 */
export class SocketReader implements OnReadOpts {
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes)
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
