import type { AbortListener } from '../../call/cancellation.js'
import type { Observation } from '../../call/observation.js'
import type { MillraceError } from '../../errors.js'
import type { Timed } from '../../lib/deadlines.js'
import type { ReceivedFrame } from './frame.js'

/** A call in flight on the dialling side. */
export interface Pending extends AbortListener, Timed {
  readonly id: number
  /** The span of the call; undefined when it is not observed. */
  readonly observation: Observation | undefined
  /** Handles a frame of this call; true when it was the last one. */
  frame(frame: ReceivedFrame): boolean
  fail(error: MillraceError): void
  /** Stops listening to the caller's call. Called once, after the last frame or failure. */
  release(): void
}

/** Callbacks of a pending call to its Caller. */
export interface PendingOwner {
  /** The call was aborted. */
  onAbort(pending: Pending, reason: MillraceError): void
  onExpire(pending: Pending): void
}
