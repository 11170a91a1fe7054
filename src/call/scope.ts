import type { Call, Sender } from './call.js'
import { Cancellation } from './cancellation.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'

/** Nobody in particular. */
export const somebody: Sender = { patient: false }

/** A `Call` that its owner aborts. Whoever gives it a deadline watches it. */
export class Scope extends Cancellation implements Call {
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
  sender: Sender
  items: ItemSink | undefined
  observation: Observation | undefined

  /** `deadline`: milliseconds since the epoch, `Infinity` for none. */
  constructor(deadline: number, headers: Readonly<Record<string, string>>, sender: Sender = somebody) {
    super()
    this.deadline = deadline
    this.headers = headers
    this.sender = sender
    this.items = undefined
    this.observation = undefined
  }
}
