import type { Holding } from '../budget/budget.js'
import type { Call, Sender } from './call.js'
import { Cancellation } from './cancellation.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'

/** The sender of calls that name none. */
export const anonymousSender: Sender = { patient: false }

/** A `Call` that its owner aborts. It does not enforce its deadline: the code that set the deadline does. */
export class Scope extends Cancellation implements Call {
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
  sender: Sender
  items: ItemSink | undefined
  memory: Holding | undefined
  observation: Observation | undefined

  /** `deadline`: milliseconds since the epoch, `Infinity` for none. */
  constructor(deadline: number, headers: Readonly<Record<string, string>>, sender: Sender = anonymousSender) {
    super()
    this.deadline = deadline
    this.headers = headers
    this.sender = sender
    this.items = undefined
    this.memory = undefined
    this.observation = undefined
  }
}
