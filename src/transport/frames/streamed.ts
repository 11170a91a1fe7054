import type { Call } from '../../call/call.js'
import type { ItemSink } from '../../call/items.js'
import type { Observation } from '../../call/observation.js'
import { MillraceError } from '../../errors.js'
import type { Watched } from '../../lib/deadlines.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { DataRequest } from '../../wire/data-request.js'
import { decodeFailure } from './failure.js'
import { frameKind, type ReceivedFrame } from './frame.js'
import type { Pending, PendingOwner } from './pending.js'

export interface StreamOwner extends PendingOwner {
  /** The sink has taken one more item. */
  onTaken(stream: Streamed): void
  /** All items were taken, and the promise has settled. */
  onDone(stream: Streamed): void
}

/**
 * A streaming call on the dialling side: passes items to a sink. The peer waits for credit, so at most one window of items is
 * buffered here.
 *
 * 1. Items reach the sink in order, each when the sink is ready for it.
 * 2. The peer's closing answer or error takes effect after the items before it. A local cause (abort, deadline, lost
 *    connection) takes effect immediately and drops buffered items.
 * 3. Nothing is pushed once the promise has settled.
 */
export class Streamed implements Pending {
  readonly id: number
  readonly deadline: number
  readonly observation: Observation | undefined
  watched: Watched | undefined = undefined
  readonly #call: Call
  readonly #items: ItemSink
  readonly #owner: StreamOwner
  readonly #closing: Deferred<DataRequest> = deferred()
  readonly #waiting: Uint8Array[] = []
  #taken = 0
  #pushing = false
  #isSettled = false
  /** Settles the promise once all items are taken. */
  #end: (() => void) | undefined

  constructor(
    call: Call,
    items: ItemSink,
    { id, owner }: { readonly id: number; readonly owner: StreamOwner },
  ) {
    this.id = id
    this.deadline = call.deadline
    this.observation = call.observation
    this.#call = call
    this.#items = items
    this.#owner = owner
    call.onAbort(this)
  }

  get promise(): Promise<DataRequest> {
    return this.#closing.promise
  }

  /** Items that the sink has taken. */
  get taken(): number {
    return this.#taken
  }

  abort(reason: MillraceError): void {
    this.#owner.onAbort(this, reason)
  }

  expire(): void {
    this.#owner.onExpire(this)
  }

  /** False while items are buffered; then `onDone` follows. */
  frame({ kind, payload }: ReceivedFrame): boolean {
    if (kind === frameKind.item) {
      this.#waiting.push(payload)
      this.#push()
      return false
    }
    if (kind === frameKind.error) this.#finish(() => this.#closing.reject(decodeFailure(payload)))
    else
      this.#finish(() => {
        try {
          this.#closing.resolve(DataRequest.decode(payload))
        } catch (error) {
          this.#closing.reject(MillraceError.from(error, 'MALFORMED'))
        }
      })
    return this.#isSettled
  }

  fail(error: MillraceError): void {
    this.#settle(() => this.#closing.reject(error))
  }

  release(): void {
    this.#call.offAbort(this)
  }

  #push(): void {
    if (this.#pushing) return
    for (let payload = this.#waiting.shift(); payload !== undefined; payload = this.#waiting.shift()) {
      let ready: void | Promise<void>
      try {
        ready = this.#items.push(DataRequest.decode(payload))
      } catch (error) {
        // the item cannot be decoded: cancel the call at the peer
        this.abort(MillraceError.from(error, 'MALFORMED'))
        return
      }
      this.#taken++
      this.#owner.onTaken(this)
      if (ready !== undefined) {
        this.#pushing = true
        void ready.then(() => {
          this.#pushing = false
          this.#push()
        })
        return
      }
    }
    this.#conclude()
  }

  #finish(end: () => void): void {
    this.#end ??= end
    this.#conclude()
  }

  #conclude(): void {
    if (this.#end === undefined || this.#pushing || this.#waiting.length > 0) return
    this.#settle(this.#end)
    this.#owner.onDone(this)
  }

  #settle(end: () => void): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#waiting.length = 0
    end()
  }
}
