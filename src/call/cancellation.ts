import type { MillraceError } from '../errors.js'

/** Called once when a call is aborted. An object and not a function, so that a call can listen without a closure. */
export interface AbortListener {
  abort(reason: MillraceError): void
}

/** So many listeners are added to a Set before it is replaced, and at least as many as it has. */
const leastAdded = 64

/** A Set that is replaced after so many more additions as `left` says. */
class Listeners extends Set<AbortListener> {
  left = Math.max(leastAdded, this.size)
}

/**
 * Notifies listeners that a call was aborted. Cheap until then: the first listener is a field, and the AbortController is
 * created when `signal` is first read.
 *
 * 1. The first reason wins.
 * 2. Each listener is called once, or never if it was removed before its turn.
 * 3. Adding and removing a listener is O(1), however many there are.
 */
export class Cancellation implements AbortListener {
  #reason: MillraceError | undefined
  #first: AbortListener | undefined
  #others: Set<AbortListener> | undefined
  #controller: AbortController | undefined

  /** Why it was aborted; undefined while it is not. */
  get aborted(): MillraceError | undefined {
    return this.#reason
  }

  /** For code that takes an AbortSignal. On Node 20 a signal with one listener costs about 4 µs. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Calls the listener on abort; immediately if it is already aborted. */
  onAbort(listener: AbortListener): void {
    if (this.#reason !== undefined) listener.abort(this.#reason)
    else if (this.#first === undefined) this.#first = listener
    else {
      // pages have no such streams, and their bundle (scripts/bundle.mjs) has none of this
      if (typeof globalThis.Buffer === 'function') this.#others = fresh(this.#others)
      ;(this.#others ??= new Set()).add(listener)
    }
  }

  /** Does nothing when the listener was not added. */
  offAbort(listener: AbortListener): void {
    if (this.#first === listener) this.#first = undefined
    else this.#others?.delete(listener)
  }

  abort(reason: MillraceError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
    const first = this.#first
    this.#first = undefined
    first?.abort(reason)
    const others = this.#others
    if (others === undefined) return
    for (const listener of others) listener.abort(reason)
    others.clear()
  }
}

/**
 * Returns the Set to add one more listener to. V8 links each table of a Set to the one that replaces it. A call that lives as long as a stream, with a
 * listener for each request, would keep ended requests in memory until the next full garbage collection
 * (docs/decisions/0058-what-observing-costs.md). Another Set every now and then breaks that chain.
 */
function fresh(others: Set<AbortListener> | undefined): Set<AbortListener> {
  return others instanceof Listeners && others.left-- > 0 ? others : new Listeners(others)
}
