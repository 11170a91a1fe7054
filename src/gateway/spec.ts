import type { PolicyName } from '../balancer/policies/index.js'
import type { DocArrayVersion } from '../document/list-version.js'
import type { PollingTable } from '../shards/polling.js'
import type { FailureRules } from '../shards/sharded.js'
import type { ConditionSpec } from '../topology/condition.js'
import type { UnknownEndpoint } from '../topology/unserved.js'
import type { HeaderRule } from '../transport/forward-headers.js'
import type { Address } from '../transport/transport.js'
import type { Discovery } from '../discovery/host-sources.js'
import type { AuthRules } from './auth/auth-rules.js'
import type { TrustProxy } from './callers/trusted-proxies.js'
import type { LimitsSpec } from './limits.js'
import type { ProtocolName } from './protocols/names.js'
import type { GrpcRules } from './grpc-rules.js'
import type { HttpRules } from './http-rules.js'
import type { MetricsRules } from './metrics/metrics-rules.js'
import type { LogRules } from '../observe/log-rules.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import type { RateRules } from './rate-limit/rate-rules.js'
import type { AccessLogRules } from './access-log/access-log.js'
import type { Part } from '../wire/identity.js'
import type { TlsRules } from './tls/tls-rules.js'
import type { Ranking } from '../wire/lists/ranking.js'
import type { RequestLimits } from '../wire/request-limits.js'

/** The configuration of a gateway; plain data, so that it can cross a thread boundary. */
export interface GatewaySpec {
  /** Name of the Flow, for log lines. */
  readonly name: string
  /** Where clients connect. */
  readonly listeners: readonly ListenerSpec[]
  /** `needs` defines how they are connected. Of several ends, clients get the answer of the last one that is not floating. */
  readonly stages: readonly StageSpec[]
  /** Requests of one stream that are in flight at once, unless the client sets another number; 0 is no limit. */
  readonly prefetch: number
  /** The largest message that is accepted or sent, and how much of one stream is in flight at once; in bytes. */
  readonly maxMessageBytes: number
  readonly requestLimits: RequestLimits
  /** For all clients together. */
  readonly queue: { readonly maxRequests: number; readonly maxBytes: number }
  readonly limits: LimitsSpec
  /** Milliseconds for a request through all stages; null for no limit besides the client's. */
  readonly timeoutMs: number | null
  /** What happens to requests that no Executor serves. Default `pass`. */
  readonly unknownEndpoint?: UnknownEndpoint
  readonly grpc?: GrpcRules
  readonly http?: HttpRules
  /** Default null: clients need no token. */
  readonly auth?: AuthRules | null
  /** TLS of all listeners. Default null: none. */
  readonly tls?: TlsRules | null
  /** Default false: no proxy is believed. */
  readonly trustProxy?: TrustProxy
  /** Default null: callers may send as many requests as they like. */
  readonly rateLimit?: RateRules | null
  /** What its thread logs. Default: as the environment says. */
  readonly log?: LogRules
  /** Default null: requests are not logged. */
  readonly accessLog?: AccessLogRules | null
  /** Default null: nothing is measured. */
  readonly metrics?: MetricsRules | null
  /** Default null: requests are not traced. */
  readonly tracing?: TracingRules | null
  /** The name of the gateway in its metrics and traces. Default `gateway/rep-0`. */
  readonly metricsPod?: string
}

/** A port of the gateway. */
export interface ListenerSpec {
  /** When there are several, the first bytes of a connection decide. */
  readonly protocols: readonly ProtocolName[]
  /** Interface to bind; an IPv6 address without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** The configuration of one stage; plain data. */
export interface StageSpec extends FailureRules {
  readonly name: string
  /** The stages whose answers it gets, or `gateway`; several are a join, merged as `reduce` says. */
  readonly needs: readonly string[]
  /** Answers to clients do not wait for it. */
  readonly floating: boolean
  /** What requests must fulfil to reach it; null: nothing. */
  readonly when: ConditionSpec | null
  /** Number of parts of its data, each with its own replicas. */
  readonly shards: number
  readonly polling: PollingTable
  /** The field by which `KEY` assigns a document to a shard: `id`, `tags.tenant`. */
  readonly key: string
  readonly reduce: ReduceSpec
  /** The later stage that gets the answers of the shards one by one, for the endpoints that it serves. */
  readonly gatheredBy: string | null
  /** The Flow that its pods belong to, if it is not the gateway's Flow, or if they are external; null if not known. */
  readonly flow: string | null
  /** Which shard its pods are, when the other shards run elsewhere; else null. */
  readonly part: Part | null
  /** It has no Executor, and costs no hop. */
  readonly passThrough: boolean
  readonly balance: PolicyName
  /** Milliseconds for one hop; null for no limit. */
  readonly timeoutSendMs: number | null
  /** Maximum number of retries of a request; -1 is Jina's `max(3, replicas)`. */
  readonly retries: number
  /** How many replicas a read may lose before it is refused. */
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
  /** Milliseconds without an answer to a ping after which a replica is silent; null disables the check. */
  readonly silentMs: number | null
  /** External servers, which the gateway dials itself. */
  readonly external: readonly ExternalSpec[]
  /**
   * Its external servers get a request for each branch or shard whose answers it keeps apart, because they may be Jina's; else
   * one request with all documents. Default false.
   */
  readonly sendsParts?: boolean
  /** The only format of documents that its pods or external servers speak. Default null: as they say themselves. */
  readonly docarray?: DocArrayVersion | null
  /** Headers of the caller that its pods or external servers get, besides trace context. */
  readonly forwardHeaders: HeaderRule
}

/** An external server, or a host name that stands for several. */
export interface ExternalSpec {
  readonly shard: number
  readonly address: Address
  /**
   * `dns`: each address of its host is a separate server, and the host is resolved repeatedly. `kubernetes`: its host is
   * that of a Service, and each pod of that Service is a server.
   */
  readonly discover: 'static' | Discovery
}

/** The sharding options of a stage that is not sharded. */
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

/** How the answers of several shards or branches are merged. */
export type ReduceSpec =
  /** By id, with matches in score order. */
  | { readonly kind: 'merge'; readonly ranking: Ranking }
  /** Concatenated. */
  | { readonly kind: 'concatenate' }
  /** For a join: what each branch changed. */
  | { readonly kind: 'changes' }
  /** By a function exported from a module, which the gateway loads. */
  | { readonly kind: 'module'; readonly url: string; readonly name: string | null }
  /** By a function of the program that started the Flow. */
  | { readonly kind: 'program' }
