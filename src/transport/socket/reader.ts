import type { OnReadOpts } from 'node:net'
import type { Inbox } from '../frames/inbox.js'

/** Bytes read at once while no large frame is on its way. */
const scratchBytes = 64 * 1024

/**
 * Reads a socket without its stream: small frames by way of one buffer that is used again and again, the rest of a large
 * frame straight into its place. Node offers this (`onread`) to the side that connects only.
 */
export class SocketReader implements OnReadOpts {
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes)
  #inbox: Inbox | null = null
  #place: Uint8Array | null = null

  open(inbox: Inbox): void {
    this.#inbox = inbox
  }

  readonly buffer = (): Uint8Array => {
    this.#place = this.#inbox?.place ?? null
    return this.#place ?? this.#scratch
  }

  readonly callback = (bytes: number): boolean => {
    if (this.#place === null) this.#inbox?.push(this.#scratch.subarray(0, bytes))
    else this.#inbox?.filled(bytes)
    return true
  }
}
