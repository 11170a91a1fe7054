import type { Description, Handler } from '../call/call.js'
import type { Budget } from '../budget/budget.js'
import type { MillraceError } from '../errors.js'
import type { Authenticate } from './auth/authenticator.js'
import type { HttpRules } from './http-rules.js'
import type { LimitsSpec } from './limits.js'
import type { ServingState } from './serving-state.js'

/** What a gateway protocol serves: the whole Flow as one handler. */
export interface Serving {
  /** Includes the gate. */
  readonly handle: Handler
  /** Whether the gate has no room now; streams are not read then. */
  isFull(): boolean
  /** What all stages serve together. Throws UNAVAILABLE while a stage has not described itself. */
  describe(): Description
  /** The refusal of a call whose `recipientHeader` names another pod; null when the call is for this one. */
  misdirected(recipient: string | undefined): MillraceError | null
  /** The state that health checks report. */
  readonly state: ServingState
  /** Whether a call may be served. Default: every call may. */
  readonly authenticate?: Authenticate | undefined
  readonly prefetch: number
  readonly maxMessageBytes: number
  readonly limits: LimitsSpec
  /** Everything held for clients is reserved here. */
  readonly budget: Budget
  /** Milliseconds for one request, unless its client sets less; null for no limit. */
  readonly timeoutMs: number | null
  /** Default: `defaultHttpRules`. */
  readonly http?: HttpRules | undefined
}
