import { maxStructDepth } from '../document/struct.js'
import type { RequestLimits } from '../wire/request-limits.js'
import type { Option } from './option.js'
import { group, integer, optional } from './option-kinds.js'

/** Admission limits of a Flow; beyond them a request is refused with RESOURCE_EXHAUSTED, and a stream is slowed down. */
export interface FlowQueue {
  /** Default 10,000. */
  readonly maxRequests: number
  /** Default 512 MiB. */
  readonly maxBytes: number
}

/** Limits on the gateway's clients: on all together, on one connection, and on how long they may be inactive. */
export interface FlowLimits {
  /**
   * Bytes that the gateway holds for clients: unfinished messages, requests in flight, unread answers, and the memory of
   * connections and calls. At least three times `maxMessageBytes`. Default null: four times that, 1 GiB, and
   * at least 64 MiB.
   */
  readonly maxBytes: number | null
  /** Connections at once. Default null: half of the files that the program may open, at most 4096. */
  readonly maxConnections: number | null
  /** Concurrent calls of one connection. Default 1024. */
  readonly maxCalls: number
  /** Milliseconds within which a message must make progress, in or out. Default 10,000. */
  readonly stallMs: number
  /** Milliseconds within which a new connection must show which protocol it speaks. Default 10,000. */
  readonly handshakeMs: number
  /**
   * TLS handshakes that begin in a second; later connections wait for their turn, at most `handshakeMs`. Null is no limit.
   * Default 500.
   */
  readonly handshakesPerSecond: number | null
  /** Milliseconds that a connection may have no call, and a stream no message; null is no limit. Default 600,000. */
  readonly idleMs: number | null
}

/** `queue` of a Flow. */
export const queueOption: Option<FlowQueue> = group<FlowQueue>(
  { maxRequests: integer(10_000, 1), maxBytes: integer(512 * 1024 * 1024, 1024) },
  '{ maxRequests, maxBytes }',
)

/** `limits` of a Flow. */
export const limitsOption: Option<FlowLimits> = group<FlowLimits>(
  {
    maxBytes: optional(integer(null, 1024 * 1024)),
    maxConnections: optional(integer(null, 1)),
    maxCalls: integer(1024, 1, 2 ** 31 - 1),
    stallMs: integer(10_000, 100),
    handshakeMs: integer(10_000, 100),
    handshakesPerSecond: optional(integer(500, 1), 500),
    idleMs: optional(integer(600_000, 100), 600_000),
  },
  '{ maxBytes, maxConnections, maxCalls, stallMs, handshakeMs, handshakesPerSecond, idleMs }',
)

/** `requestLimits` of a Flow. */
export const requestLimitsOption: Option<RequestLimits> = group<RequestLimits>(
  {
    parameterBytes: integer(4 * 1024 * 1024, 0),
    parameterValues: integer(65_536, 0),
    parameterDepth: integer(maxStructDepth, 0, maxStructDepth),
    documents: integer(500_000, 1),
  },
  '{ parameterBytes, parameterValues, parameterDepth, documents }',
)
