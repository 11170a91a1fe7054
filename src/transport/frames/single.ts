import type { Call } from '../../call/call.js'
import type { Observation } from '../../call/observation.js'
import { MillraceError } from '../../errors.js'
import type { Watched } from '../../lib/deadlines.js'
import { decodeFailure } from './failure.js'
import { frameKind, type ReceivedFrame } from './frame.js'
import type { Pending, PendingOwner } from './pending.js'

export interface SingleOptions<T> {
  readonly id: number
  /** Null for `describe`, `measure` and `ping`, which cannot be cancelled. */
  readonly call: Call | null
  readonly decode: (payload: Uint8Array) => T
  readonly owner: PendingOwner
}

/** A call with one answer. */
export class Single<T> implements Pending {
  readonly id: number
  readonly deadline: number
  readonly observation: Observation | undefined
  watched: Watched | undefined = undefined
  readonly promise: Promise<T>
  readonly #call: Call | null
  readonly #decode: (payload: Uint8Array) => T
  readonly #owner: PendingOwner
  #resolve!: (value: T) => void
  #reject!: (error: MillraceError) => void

  constructor({ id, call, decode, owner }: SingleOptions<T>) {
    this.id = id
    this.deadline = call === null ? Number.POSITIVE_INFINITY : call.deadline
    this.observation = call === null ? undefined : call.observation
    this.#call = call
    this.#decode = decode
    this.#owner = owner
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    call?.onAbort(this)
  }

  abort(reason: MillraceError): void {
    this.#owner.onAbort(this, reason)
  }

  expire(): void {
    this.#owner.onExpire(this)
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
    this.#call?.offAbort(this)
  }
}
