import type { Call } from './call.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'
import { Scope, somebody } from './scope.js'

export interface BranchOptions {
  /** Default: that of the call. */
  readonly deadline?: number
  /** Where its items go, when the call is a stream; default: where those of the call go. */
  readonly items?: ItemSink | undefined
  /** Default: that of the call. */
  readonly observation?: Observation | undefined
  /** Default: those of the call. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A scope below a call: aborts with it, or by itself. */
export class Branch extends Scope {
  readonly #parent: Call

  constructor(parent: Call, options: BranchOptions = {}) {
    const { deadline = parent.deadline, headers = parent.headers } = options
    super(deadline, headers, parent.sender ?? somebody)
    this.items = options.items ?? parent.items
    this.observation = options.observation ?? parent.observation
    this.#parent = parent
    parent.onAbort(this)
  }

  /** No longer aborts with the call. Call it at every end, or a long call collects its branches. */
  unlink(): void {
    this.#parent.offAbort(this)
  }
}
