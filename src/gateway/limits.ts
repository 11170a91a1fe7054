/** Limits on what clients may hold and how long they may take; explained at `FlowLimits`. */
export interface LimitsSpec {
  readonly maxBytes: number
  /** Null derives the number from the limit of open files. */
  readonly maxConnections: number | null
  readonly maxCalls: number
  readonly stallMs: number
  readonly handshakeMs: number
  readonly handshakesPerSecond: number | null
  readonly idleMs: number | null
}
