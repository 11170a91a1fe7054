import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { Timed, Watched } from '../lib/deadlines.js'

/** One request of a stream, with its own, earlier deadline. */
export class LimitedCall extends Branch implements Timed {
  watched: Watched | undefined = undefined
  readonly expire: () => void

  constructor(parent: Call, deadline: number, expire: () => void) {
    super(parent, { deadline })
    this.expire = expire
  }
}
