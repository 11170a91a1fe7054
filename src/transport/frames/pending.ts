import type { AbortListener } from '../../call/cancellation.js'
import type { Observation } from '../../call/observation.js'
import type { MillraceError } from '../../errors.js'
import type { Timed } from '../../lib/deadlines.js'
import type { ReceivedFrame } from './frame.js'

/** A call of the dialled side that waits for frames. */
export interface Pending extends AbortListener, Timed {
  readonly id: number
  /** Of the call; undefined while nobody observes it. */
  readonly observation: Observation | undefined
  /** What came for it; true when nothing more will come. */
  frame(frame: ReceivedFrame): boolean
  fail(error: MillraceError): void
  /** Lets go of the caller's call. Called once, after the last frame or failure. */
  release(): void
}

/** What a pending call tells the caller it belongs to. */
export interface PendingOwner {
  /** Nobody waits for it any more. */
  onAbort(pending: Pending, reason: MillraceError): void
  onExpire(pending: Pending): void
}
