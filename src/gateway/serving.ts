import type { Description, Handler } from '../call/call.js'
import type { CallEvent } from '../observe/names.js'
import type { Budget } from '../budget/budget.js'
import type { MillraceError } from '../errors.js'
import type { Openable } from './auth/auth-rules.js'
import type { Callers } from './callers/caller.js'
import type { ClientOf } from './callers/clients.js'
import type { TrustProxy } from './callers/trusted-proxies.js'
import type { GrpcRules } from './grpc-rules.js'
import type { HttpRules } from './http-rules.js'
import type { LimitsSpec } from './limits.js'
import type { JsonThread } from './protocols/http/json/json-thread.js'
import type { ServingState } from './serving-state.js'
import type { RequestLimits } from '../wire/request-limits.js'

/** What an OpenAPI document says of a Flow besides its endpoints. */
export interface FlowFacts {
  readonly name: string
  readonly limits: RequestLimits
  /** What needs no token; null: nothing needs one. */
  readonly open: readonly Openable[] | null
}

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
  /** Decides which calls are served. Default: every call is. */
  readonly callers?: Callers | undefined
  /** Says whose call arrives on a connection, for the log, for fair queueing and for `callers`. Default: the connection's. */
  readonly clientOf?: ClientOf | undefined
  /** Told of calls that are refused before `handle` gets them. Default: nobody is. */
  readonly onRefused?: ((event: CallEvent) => void) | undefined
  /** Told of requests that routes of the user's have answered. Default: nobody is. */
  readonly onAnswered?: ((event: CallEvent) => void) | undefined
  /** Which proxies say how their clients reach them. Default: none. */
  readonly trustProxy?: TrustProxy | undefined
  /** Without it there is no OpenAPI document. */
  readonly facts?: FlowFacts | undefined
  readonly prefetch: number
  readonly maxMessageBytes: number
  readonly limits: LimitsSpec
  /** Everything held for clients is reserved here. */
  readonly budget: Budget
  /** Milliseconds for one request, unless its client sets less; null for no limit. */
  readonly timeoutMs: number | null
  /** Default: `defaultGrpcRules`. */
  readonly grpc?: GrpcRules | undefined
  /** Default: `defaultHttpRules`. */
  readonly http?: HttpRules | undefined
  /** Converts large JSON. Without it that holds up the gateway's event loop. */
  readonly json?: Pick<JsonThread, 'convert'> | undefined
}
