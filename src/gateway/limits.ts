/** What clients may hold, and how long they may take; explained at `FlowLimits`. */
export interface LimitsSpec {
  readonly maxBytes: number
  /** Null for what the limit of open files allows. */
  readonly maxConnections: number | null
  readonly maxCalls: number
  readonly stallMs: number
  readonly handshakeMs: number
  readonly idleMs: number | null
}
