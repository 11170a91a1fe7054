import type { Call, Sender } from '../../call/call.js'
import { Cancellation } from '../../call/cancellation.js'
import type { MillraceError } from '../../errors.js'
import type { Timed } from '../../lib/deadlines.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { decodeJson } from './failure.js'
import type { ReceivedFrame } from './frame.js'

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

export interface ServedCallOwner {
  onExpire(call: ServedCall): void
}

export interface ServedCallOptions {
  readonly deadline: number
  /** Milliseconds of the listener's own limit, when it is the deadline. */
  readonly limitMs: number | null
  readonly sender: Sender
  readonly owner: ServedCallOwner
}

/**
 * The call as the serving side sees it. `headers` are decoded when they are first read. Because they are a getter, wrap a
 * Call by naming its members, not with `{ ...call }`.
 */
export class ServedCall extends Cancellation implements Call, Timed {
  readonly id: number
  readonly deadline: number
  readonly limitMs: number | null
  readonly sender: Sender
  readonly #owner: ServedCallOwner
  #headerBytes: Uint8Array | null
  #headers: Readonly<Record<string, string>> | null = null
  #credit = 0
  #waiting: Deferred | null = null

  constructor({ id, headers }: ReceivedFrame, { deadline, limitMs, sender, owner }: ServedCallOptions) {
    super()
    this.id = id
    this.sender = sender
    this.#headerBytes = headers
    this.deadline = deadline
    this.limitMs = limitMs
    this.#owner = owner
  }

  expire(): void {
    this.#owner.onExpire(this)
  }

  get headers(): Readonly<Record<string, string>> {
    if (this.#headers === null) {
      this.#headers =
        this.#headerBytes === null ? noHeaders : (decodeJson(this.#headerBytes) as Record<string, string>)
      this.#headerBytes = null
    }
    return this.#headers
  }

  override abort(reason: MillraceError): void {
    super.abort(reason)
    this.#waiting?.resolve()
  }

  /** The caller takes so many more items of a stream. */
  grant(items: number): void {
    this.#credit += items
    this.#waiting?.resolve()
  }

  /** Waits until the caller takes another item, or nobody wants it any more. */
  async credit(): Promise<void> {
    while (this.#credit === 0 && this.aborted === undefined) {
      this.#waiting = deferred()
      await this.#waiting.promise
      this.#waiting = null
    }
    this.#credit--
  }
}
