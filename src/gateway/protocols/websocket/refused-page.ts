import type { MillraceError } from '../../../errors.js'
import { closeCode } from '../../../wire/websocket.js'
import { refusedRequest } from './refused-request.js'
import type { Peer, Talk } from './talk.js'

/** The talk with a page whose handshake is refused: one message with the error, without the id of a request, and the end. */
export class RefusedPage implements Talk {
  readonly isIdle = false
  readonly #peer: Peer
  readonly #error: MillraceError

  constructor(peer: Peer, error: MillraceError) {
    this.#peer = peer
    this.#error = error
  }

  opened(): void {
    try {
      this.#peer.send(Buffer.from(refusedRequest({ requestId: '' }, this.#error).encode()))
    } catch {
      // there is no room even for this
    }
    this.#peer.end(closeCode.notAllowed, this.#error.message)
  }

  message(): void {}

  drained(): void {}

  drain(): void {}

  closed(): void {}
}
