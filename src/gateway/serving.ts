import type { Description, Handler } from '../call/call.js'
import type { Budget } from '../budget/budget.js'
import type { LimitsSpec } from './spec.js'
import type { PodIdentity } from '../wire/identity.js'

/** What a gateway protocol serves: the whole Flow as one handler. */
export interface Serving {
  /** Behind the gate. */
  readonly handle: Handler
  /** Whether the gate has no room now: then streams are not read. */
  isFull(): boolean
  /** What all stages serve together. Throws UNAVAILABLE while that is not known of each. */
  describe(): Description
  /** Who serves it; calls for another pod are refused. */
  readonly identity: PodIdentity
  readonly prefetch: number
  readonly maxMessageBytes: number
  readonly limits: LimitsSpec
  /** What is held for clients is reserved here. */
  readonly budget: Budget
  /** Milliseconds for one request, where its client does not set less; null for no limit. */
  readonly timeoutMs: number | null
}

/** A server of one protocol. */
export interface ProtocolServer {
  /** Binds; gives the port. Rejects with PORT_IN_USE or START_FAILED. */
  listen(host: string, port: number): Promise<number>
  /** Says from now on that it is ready, to those who ask for its health. */
  ready(): void
  /** Says that it is not ready any more, takes no new requests, lets those under way finish for `graceMs`, then ends. Idempotent. */
  close(options: { readonly graceMs: number }): Promise<void>
}
