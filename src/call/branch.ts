import type { Call } from './call.js'
import { Scope, somebody } from './scope.js'

/** A scope below a call: aborts with it, or by itself. */
export class Branch extends Scope {
  readonly #parent: Call

  constructor(parent: Call, deadline: number = parent.deadline) {
    super(deadline, parent.headers, parent.sender ?? somebody)
    this.#parent = parent
    parent.onAbort(this)
  }

  /** No longer aborts with the call. Call it at every end, or a long call collects its branches. */
  unlink(): void {
    this.#parent.offAbort(this)
  }
}
