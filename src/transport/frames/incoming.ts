import { MillraceError } from '../../errors.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { decodeFailure } from './failure.js'
import { frameKind, type ReceivedFrame } from './frame.js'
import type { Pending } from './pending.js'

/** Items of one stream between the link and whoever takes them; at most a window of them, for the sender waits for credit. */
export class Incoming implements Pending {
  readonly id: number
  readonly deadline: number
  readonly #signal: AbortSignal
  readonly #onAbort: (pending: Pending, signal: AbortSignal) => void
  readonly #items: Uint8Array[] = []
  #ended = false
  #error: MillraceError | null = null
  #waiting: Deferred | null = null

  constructor(
    call: { signal: AbortSignal; deadline: number },
    id: number,
    onAbort: (pending: Pending, signal: AbortSignal) => void,
  ) {
    this.id = id
    this.deadline = call.deadline
    this.#signal = call.signal
    this.#onAbort = onAbort
    this.#signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#onAbort(this, this.#signal)
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
    this.#signal.removeEventListener('abort', this)
  }
}
