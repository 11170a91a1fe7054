import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import type { Call, Layer } from '../call.js'
import { Scope } from '../scope.js'

export interface DeadlineOptions {
  /** Milliseconds for one request; null for no limit. */
  readonly timeoutMs: number | null
  readonly clock: Clock
}

/**
 * Ends a request that takes longer than `timeoutMs` with DEADLINE_EXCEEDED and aborts what is below. A sooner deadline
 * of the call itself stays; whoever set it watches it.
 */
export function deadline({ timeoutMs, clock }: DeadlineOptions): Layer {
  if (timeoutMs === null) return (next) => next
  return (next) => (request, call) => {
    const ours = clock.now() + timeoutMs
    if (call.deadline <= ours) return next(request, call)
    const scope = new Limited(call, ours)
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () => {
        const late = new MillraceError('DEADLINE_EXCEEDED', `There was no answer within ${timeoutMs} ms.`)
        scope.abort(late)
        reject(late)
      })
      const finish = (): void => {
        cancel()
        scope.unlink()
      }
      next(request, scope).then(
        (answer) => {
          finish()
          resolve(answer)
        },
        (error: unknown) => {
          finish()
          reject(error)
        },
      )
    })
  }
}

/** Aborts with its parent; listens to it only once somebody listens to this one. */
class Limited extends Scope {
  readonly #parent: Call
  readonly #follow = (): void => this.abort(this.#parent.signal.reason as MillraceError)
  #linked = false

  constructor(parent: Call, deadlineAt: number) {
    super(deadlineAt, parent.headers)
    this.#parent = parent
  }

  override get signal(): AbortSignal {
    if (!this.#linked) {
      this.#linked = true
      const { signal } = this.#parent
      if (signal.aborted) this.#follow()
      else signal.addEventListener('abort', this.#follow)
    }
    return super.signal
  }

  unlink(): void {
    if (this.#linked) this.#parent.signal.removeEventListener('abort', this.#follow)
  }
}
