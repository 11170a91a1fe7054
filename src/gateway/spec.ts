import type { PolicyName } from '../balancer/policies/index.js'
import type { Address } from '../transport/transport.js'

/** What a gateway must be; plain data, so that it can cross a thread boundary. */
export interface GatewaySpec {
  /** Name of the Flow, for log lines. */
  readonly name: string
  /** Interface to bind. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** In the order a request visits them. */
  readonly stages: readonly StageSpec[]
  /** Requests of one stream that are worked on at once, unless the client says otherwise; 0 is no limit. */
  readonly prefetch: number
  /** The largest message taken or sent, and how much of one stream is worked on at once; in bytes. */
  readonly maxMessageBytes: number
  /** Of all clients together. */
  readonly queue: { readonly maxRequests: number; readonly maxBytes: number }
  /** Milliseconds for a request through all stages; null for no limit beside the client's. */
  readonly timeoutMs: number | null
}

export interface StageSpec {
  readonly name: string
  /** Without an Executor: costs no hop. */
  readonly passThrough: boolean
  readonly balance: PolicyName
  /** Milliseconds for one hop; null for no limit. */
  readonly timeoutSendMs: number | null
  /** How often a request is sent again; -1 is Jina's `max(3, replicas)`. */
  readonly retries: number
  readonly hedge: {
    readonly afterMs: number | null
    readonly afterPercentile: number | null
    readonly budget: number
  } | null
  readonly queue: { readonly maxRequests: number; readonly maxBytes: number; readonly perReplica: number }
  /** Milliseconds of silence of a replica after which `onSilent` is told; null for never. */
  readonly silentMs: number | null
  /** Servers of somebody else, which the gateway dials itself. */
  readonly external: readonly Address[]
}
