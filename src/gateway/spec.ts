import type { PolicyName } from '../balancer/policies/index.js'
import type { PollingTable } from '../shards/polling.js'
import type { FailureRules } from '../shards/sharded.js'
import type { UnknownEndpoint } from '../topology/unserved.js'
import type { ForwardHeaders } from '../transport/forward-headers.js'
import type { Address } from '../transport/transport.js'
import type { Discovery } from '../discovery/host-sources.js'
import type { LimitsSpec } from './limits.js'
import type { ProtocolName } from './protocols/index.js'
import type { AccessLogRules } from './access-log/access-log.js'
import type { Part } from '../wire/identity.js'
import type { Ranking } from '../wire/lists/ranking.js'
import type { RequestLimits } from '../wire/request-limits.js'

/** What a gateway must be; plain data, so that it can cross a thread boundary. */
export interface GatewaySpec {
  /** Name of the Flow, for log lines. */
  readonly name: string
  /** Where clients connect. */
  readonly listeners: readonly ListenerSpec[]
  /** In any order: their `needs` say which one follows which. */
  readonly stages: readonly StageSpec[]
  /** Requests of one stream that are worked on at once, unless the client says otherwise; 0 is no limit. */
  readonly prefetch: number
  /** The largest message taken or sent, and how much of one stream is worked on at once; in bytes. */
  readonly maxMessageBytes: number
  readonly requestLimits: RequestLimits
  /** Of all clients together. */
  readonly queue: { readonly maxRequests: number; readonly maxBytes: number }
  readonly limits: LimitsSpec
  /** Milliseconds for a request through all stages; null for no limit beside the client's. */
  readonly timeoutMs: number | null
  /** What happens to requests that no Executor serves. Default `pass`. */
  readonly unknownEndpoint?: UnknownEndpoint
  /** Default null: requests are not logged. */
  readonly accessLog?: AccessLogRules | null
}

/** A port of the gateway. */
export interface ListenerSpec {
  /** Several are told apart by the first bytes of a connection. */
  readonly protocols: readonly ProtocolName[]
  /** Interface to bind; an IPv6 address has no brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export interface StageSpec extends FailureRules {
  readonly name: string
  /** The stages whose answers it gets, or `gateway`. */
  readonly needs: readonly string[]
  /** Parts of its data, each with replicas of its own. */
  readonly shards: number
  readonly polling: PollingTable
  /** What `KEY` places a document by: `id`, `tags.tenant`. */
  readonly key: string
  readonly reduce: ReduceSpec
  /** The stage behind it that is to get the answers of the shards one by one, for endpoints that it serves. */
  readonly gatheredBy: string | null
  /** The Flow that its pods belong to, where that is another one than the gateway's, or they are external; null if not known. */
  readonly flow: string | null
  /** The shard that its pods are, where the other shards run elsewhere; else null. */
  readonly part: Part | null
  /** Without an Executor: costs no hop. */
  readonly passThrough: boolean
  readonly balance: PolicyName
  /** Milliseconds for one hop; null for no limit. */
  readonly timeoutSendMs: number | null
  /** How often a request is sent again; -1 is Jina's `max(3, replicas)`. */
  readonly retries: number
  /** How many replicas a request may lose that reads. */
  readonly maxLostReplicas: number
  readonly hedge: {
    readonly afterMs: number | null
    readonly afterPercentile: number | null
    readonly budget: number
  } | null
  readonly queue: {
    readonly maxRequests: number
    readonly maxBytes: number
    readonly maxWaitMs: number
    readonly perReplica: number
  }
  /** Milliseconds of silence of a replica after which `onSilent` is told; null for never. */
  readonly silentMs: number | null
  /** Servers of somebody else, which the gateway dials itself. */
  readonly external: readonly ExternalSpec[]
  /** Headers of the caller that these servers get, beside its trace context; all of them for pods of the same Flow. */
  readonly forwardHeaders: ForwardHeaders
}

/** A server of somebody else, or a name behind which there are some. */
export interface ExternalSpec {
  readonly shard: number
  readonly address: Address
  /**
   * `dns`: each address of its host is a server of its own, and the host is looked up again and again. `kubernetes`: its host
   * is that of a Service, and each pod of it is a server.
   */
  readonly discover: 'static' | Discovery
}

/** A stage that is not spread over shards, as far as that goes. */
export const unsharded = {
  shards: 1,
  polling: { '*': 'ANY' },
  key: 'id',
  reduce: { kind: 'merge', ranking: { limit: null, by: null, order: null } },
  onShardFailure: 'fail',
  minShards: 1,
  softDeadlineMs: null,
  gatheredBy: null,
  part: null,
} as const satisfies Partial<StageSpec>

/** How the answers of several shards become one. */
export type ReduceSpec =
  /** By id, matches in score order. */
  | { readonly kind: 'merge'; readonly ranking: Ranking }
  /** One behind the other. */
  | { readonly kind: 'concatenate' }
  /** By a function of a module, which the gateway loads. */
  | { readonly kind: 'module'; readonly url: string; readonly name: string | null }
  /** By a function of the program that started the Flow. */
  | { readonly kind: 'program' }
