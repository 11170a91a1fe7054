import type { Call } from '../../call/call.js'
import type { MillraceError } from '../../errors.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { decodeFailure } from './failure.js'
import { frameKind, type ReceivedFrame } from './frame.js'
import type { Pending, PendingOwner } from './pending.js'

/** Items of one stream between the link and whoever takes them; at most a window of them, for the sender waits for credit. */
export class Incoming implements Pending {
  readonly id: number
  readonly deadline: number
  readonly #call: Call
  readonly #owner: PendingOwner
  readonly #items: Uint8Array[] = []
  #ended = false
  #error: MillraceError | null = null
  #waiting: Deferred | null = null

  constructor(call: Call, id: number, owner: PendingOwner) {
    this.id = id
    this.deadline = call.deadline
    this.#call = call
    this.#owner = owner
    call.onAbort(this)
  }

  abort(reason: MillraceError): void {
    this.#owner.onAbort(this, reason)
  }

  expire(): void {
    this.#owner.onExpire(this)
  }

  /** The next item in order, null after the last; rejects with why the stream broke, after the items that came before. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) return item
      if (this.#error !== null) throw this.#error
      if (this.#ended) return null
      this.#waiting = deferred()
      await this.#waiting.promise
    }
  }

  frame({ kind, payload }: ReceivedFrame): boolean {
    if (kind === frameKind.item) this.#items.push(payload)
    else if (kind === frameKind.error) this.#error = decodeFailure(payload)
    else this.#ended = true
    this.#waiting?.resolve()
    return kind !== frameKind.item
  }

  fail(error: MillraceError): void {
    this.#error = error
    this.#waiting?.resolve()
  }

  release(): void {
    this.#call.offAbort(this)
  }
}
