import type { Call } from './call.js'
import type { ItemSink } from './items.js'
import { Scope, somebody } from './scope.js'

export interface BranchOptions {
  /** Default: that of the call. */
  readonly deadline?: number
  /** Where its items go, when the call is a stream; default: where those of the call go. */
  readonly items?: ItemSink | undefined
}

/** A scope below a call: aborts with it, or by itself. */
export class Branch extends Scope {
  readonly #parent: Call

  constructor(parent: Call, { deadline = parent.deadline, items = parent.items }: BranchOptions = {}) {
    super(deadline, parent.headers, parent.sender ?? somebody)
    this.items = items
    this.#parent = parent
    parent.onAbort(this)
  }

  /** No longer aborts with the call. Call it at every end, or a long call collects its branches. */
  unlink(): void {
    this.#parent.offAbort(this)
  }
}
