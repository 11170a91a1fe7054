import type { Call } from './call.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'
import { Scope, anonymousSender } from './scope.js'

export interface BranchOptions {
  /** Default: that of the call. */
  readonly deadline?: number
  /** Where its items go, when the call is a stream; null for a branch with one answer. Default: the sink of the call. */
  readonly items?: ItemSink | null | undefined
  /** Default: that of the call. */
  readonly observation?: Observation | undefined
  /** Default: those of the call. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A child of a call: it is aborted with the call, or by its owner alone. */
export class Branch extends Scope {
  readonly #parent: Call

  constructor(parent: Call, options: BranchOptions = {}) {
    const { deadline = parent.deadline, headers = parent.headers } = options
    super(deadline, headers, parent.sender ?? anonymousSender)
    this.items = options.items === null ? undefined : (options.items ?? parent.items)
    this.memory = parent.memory
    this.observation = options.observation ?? parent.observation
    this.#parent = parent
    parent.onAbort(this)
  }

  /** Detaches it from the call. Call it whenever a branch ends, or a long call collects its branches. */
  unlink(): void {
    this.#parent.offAbort(this)
  }
}
