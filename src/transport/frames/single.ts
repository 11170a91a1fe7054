import { MillraceError } from '../../errors.js'
import { decodeFailure } from './failure.js'
import { frameKind, type ReceivedFrame } from './frame.js'
import type { Pending } from './pending.js'

export interface SingleOptions<T> {
  readonly id: number
  readonly deadline: number
  readonly signal: AbortSignal | null
  readonly decode: (payload: Uint8Array) => T
  /** The caller's signal fired. */
  readonly onAbort: (pending: Pending, signal: AbortSignal) => void
}

/** A call with one answer. It listens to the caller's signal itself (`handleEvent`), which saves a closure a call. */
export class Single<T> implements Pending {
  readonly id: number
  readonly deadline: number
  readonly promise: Promise<T>
  readonly #signal: AbortSignal | null
  readonly #decode: (payload: Uint8Array) => T
  readonly #onAbort: (pending: Pending, signal: AbortSignal) => void
  #resolve!: (value: T) => void
  #reject!: (error: MillraceError) => void

  constructor({ id, deadline, signal, decode, onAbort }: SingleOptions<T>) {
    this.id = id
    this.deadline = deadline
    this.#signal = signal
    this.#decode = decode
    this.#onAbort = onAbort
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    signal?.addEventListener('abort', this)
  }

  handleEvent(): void {
    if (this.#signal !== null) this.#onAbort(this, this.#signal)
  }

  frame({ kind, payload }: ReceivedFrame): boolean {
    if (kind === frameKind.error) {
      this.#reject(decodeFailure(payload))
      return true
    }
    try {
      this.#resolve(this.#decode(payload))
    } catch (error) {
      this.#reject(MillraceError.from(error, 'MALFORMED'))
    }
    return true
  }

  fail(error: MillraceError): void {
    this.#reject(error)
  }

  release(): void {
    this.#signal?.removeEventListener('abort', this)
  }
}
