import type { Call, Sender } from '../../call/call.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { decodeJson } from './failure.js'
import type { ReceivedFrame } from './frame.js'

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/**
 * The call as the serving side sees it. `signal` and `headers` are made when somebody looks: an AbortSignal costs as much
 * as the rest of a small call. Because they are getters, wrap a Call by naming its members, not with `{ ...call }`.
 */
export class ServedCall implements Call {
  readonly deadline: number
  readonly sender: Sender
  #controller: AbortController | null = null
  #reason: unknown = null
  #headerBytes: Uint8Array | null
  #headers: Readonly<Record<string, string>> | null = null
  #credit = 0
  #waiting: Deferred | null = null

  constructor(received: ReceivedFrame, deadline: number, sender: Sender) {
    this.sender = sender
    this.#headerBytes = received.headers
    this.deadline = deadline
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#reason !== null) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  get headers(): Readonly<Record<string, string>> {
    if (this.#headers === null) {
      this.#headers =
        this.#headerBytes === null ? noHeaders : (decodeJson(this.#headerBytes) as Record<string, string>)
      this.#headerBytes = null
    }
    return this.#headers
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  abort(reason: unknown): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#controller?.abort(reason)
    this.#waiting?.resolve()
  }

  /** The caller takes so many more items of a stream. */
  grant(items: number): void {
    this.#credit += items
    this.#waiting?.resolve()
  }

  /** Waits until the caller takes another item, or nobody wants it any more. */
  async credit(): Promise<void> {
    while (this.#credit === 0 && this.#reason === null) {
      this.#waiting = deferred()
      await this.#waiting.promise
      this.#waiting = null
    }
    this.#credit--
  }
}
