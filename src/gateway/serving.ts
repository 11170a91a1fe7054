import type { Description, Handler } from '../call/call.js'
import type { Budget } from '../budget/budget.js'
import type { MillraceError } from '../errors.js'
import type { LimitsSpec } from './limits.js'
import type { ServingState } from './serving-state.js'

/** What a gateway protocol serves: the whole Flow as one handler. */
export interface Serving {
  /** Behind the gate. */
  readonly handle: Handler
  /** Whether the gate has no room now: then streams are not read. */
  isFull(): boolean
  /** What all stages serve together. Throws UNAVAILABLE while that is not known of each. */
  describe(): Description
  /** Why a call is refused that says, in this header, for which pod it is (`recipientHeader`); null when it is not. */
  misdirected(recipient: string | undefined): MillraceError | null
  /** For those who ask for its health. */
  readonly state: ServingState
  readonly prefetch: number
  readonly maxMessageBytes: number
  readonly limits: LimitsSpec
  /** What is held for clients is reserved here. */
  readonly budget: Budget
  /** Milliseconds for one request, where its client does not set less; null for no limit. */
  readonly timeoutMs: number | null
}
