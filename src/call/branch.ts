import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Call } from './call.js'
import { Scope, somebody } from './scope.js'

/** A scope below a call: aborts with it, or by itself. It listens to the call only once somebody listens to it. */
export class Branch extends Scope {
  readonly #parent: Call
  readonly #follow = (): void => this.abort(this.#parent.signal.reason as MillraceError)
  #linked = false

  constructor(parent: Call, deadlineAt: number = parent.deadline) {
    super(deadlineAt, parent.headers, parent.sender ?? somebody)
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

  /** Lets go of the call. */
  unlink(): void {
    if (this.#linked) this.#parent.signal.removeEventListener('abort', this.#follow)
  }
}

export interface Limit {
  readonly clock: Clock
  readonly timeoutMs: number
  /** What the work ends with when its time is up. */
  late(): MillraceError
}

/** Work below a call that ends after `timeoutMs`: what is below it is aborted, and the promise rejects with `late()`. */
export function within<T>(
  call: Call,
  { clock, timeoutMs, late }: Limit,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const branch = new Branch(call, Math.min(call.deadline, clock.now() + timeoutMs))
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      const error = late()
      branch.abort(error)
      reject(error)
    })
    const finish = (): void => {
      cancel()
      branch.unlink()
    }
    work(branch).then(
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
