import { type ProtocolName, protocolNames } from '../gateway/protocols/names.js'
import type { AuthRules } from '../gateway/auth/auth-rules.js'
import type { TrustProxy } from '../gateway/callers/trusted-proxies.js'
import type { GrpcRules } from '../gateway/grpc-rules.js'
import type { HttpRules } from '../gateway/http-rules.js'
import type { MetricsRules } from '../gateway/metrics/metrics-rules.js'
import type { RateRules } from '../gateway/rate-limit/rate-rules.js'
import type { TlsRules } from '../gateway/tls/tls-rules.js'
import type { LogRules } from '../observe/log-rules.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import type { UnknownEndpoint } from '../topology/unserved.js'
import type { ForwardHeaders } from '../transport/forward-headers.js'
import type { RequestLimits } from '../wire/request-limits.js'
import { type AccessLog, accessLogOption } from './access-log.js'
import { authOption } from './auth.js'
import { type DashboardRules, dashboardOption } from './dashboard.js'
import { type FlowGrpc, grpcOption } from './grpc-settings.js'
import { headersOption } from './headers-option.js'
import { type FlowHttp, httpOption } from './http-settings.js'
import { type FlowLimits, type FlowQueue, limitsOption, queueOption, requestLimitsOption } from './limits.js'
import { logOption } from './log.js'
import { metricsOption } from './metrics.js'
import type { OptionTable } from './option.js'
import { flag, hostName, inAnyCase, integer, listOf, oneOf, optional, text, textMap } from './option-kinds.js'
import { rateLimitOption } from './rate-limit.js'
import { tlsOption } from './tls.js'
import { tracingOption } from './tracing.js'
import { trustProxyOption } from './trust-proxy.js'

/** Resolved options of a Flow. */
export interface FlowSettings {
  /** Used in logs and as a prefix of files the Flow creates. Default `'flow'`. */
  readonly name: string
  /** What clients speak: gRPC, HTTP, WebSocket, or several of them, in any case. Default `['grpc']`. */
  readonly protocol: readonly ProtocolName[]
  /** Interface the gateway binds: a name or an address, `::` for all of IPv6 and IPv4. Default `'0.0.0.0'`. */
  readonly host: string
  /**
   * One port for each protocol, or one port for all. 0 lets the system choose; read the result from `flow.port`. Default
   * `[0]`.
   */
  readonly port: readonly number[]
  /** Options of the protocol `grpc`; docs/limits.md. */
  readonly grpc: GrpcRules
  /** Options of the protocol `http`, of which `cors` and `debugEndpoints` hold for `websocket` too; docs/http.md. */
  readonly http: HttpRules
  /**
   * Clients must send a token: the header `authorization: Bearer TOKEN`. Default null: everyone who reaches the port may call.
   * docs/security.md.
   */
  readonly auth: AuthRules | null
  /**
   * TLS on every port: `cert` and `key` are paths of PEM files, which are read again when they change. Default null: none.
   * docs/security.md.
   */
  readonly tls: TlsRules | null
  /**
   * How many requests each caller may send, by its token, address or a header. Default null: as many as it likes.
   * docs/security.md.
   */
  readonly rateLimit: RateRules | null
  /**
   * Which proxies in front of the gateway are believed when they say, in `x-forwarded-for`, whose request it is: none, all, a
   * number of them counted from the gateway, or those with these addresses. Default false. docs/security.md.
   */
  readonly trustProxy: TrustProxy
  /**
   * Which headers of clients the Executors see, by name; `'all'` leaves out credentials (`authorization`, `cookie`), which must
   * be named. Trace context always goes along. Default `'all'`. For external stages: their option `forwardHeaders`.
   */
  readonly headers: ForwardHeaders
  /** Public address of the gateway, shown in the banner only. Default null: not shown. */
  readonly publicHost: string | null
  /** Folder for the workspaces of Executors. Default null: `.millrace/FLOW/STAGE` in the project's folder. */
  readonly workspace: string | null
  /** Environment variables of every pod; override those of the program. Default `{}`. */
  readonly env: Readonly<Record<string, string>>
  /** The interpreter of Executors in Python; a stage's own setting wins. Default null: what is found, see `python` of stages. */
  readonly python: string | null
  /** Most requests in flight per stream; 0 is no limit. Default 1000. */
  readonly prefetch: number
  /** Maximum number of requests and bytes in the Flow at once, over all clients. */
  readonly queue: FlowQueue
  /** Memory and time limits for clients; docs/limits.md has the table. */
  readonly limits: FlowLimits
  /** Largest message, sent or received, in bytes. Default 256 MiB. */
  readonly maxMessageBytes: number
  /** Limits of a single request. A request beyond them is refused with INVALID_INPUT before any of it is decoded. */
  readonly requestLimits: RequestLimits
  /** Deadline in milliseconds for requests whose client sets none; null is no limit. Default 600,000. */
  readonly timeoutMs: number | null
  /** Milliseconds one hop may take; a stage's own setting wins. Default null: only the request's deadline. */
  readonly timeoutSendMs: number | null
  /** Milliseconds a pod may take to become ready; -1 waits forever. Default 600,000. */
  readonly timeoutReadyMs: number
  /** Milliseconds `close()` waits for requests in flight before it cancels them. Default 30,000. */
  readonly graceMs: number
  /**
   * Listen on a Unix socket for `millrace ps`, `logs` and `scale`, which only this user may open. If that fails the Flow
   * runs without it. Default true.
   */
  readonly control: boolean
  /**
   * What the Flow, its gateway and its Executors log, and in which form: lowest level, `text` or `json`, and names of fields that are
   * secret. Default: level `info` as text, or what `MILLRACE_LOG_LEVEL` and `MILLRACE_LOG` say. See docs/logs.md.
   */
  readonly log: LogRules
  /**
   * Serve a page on this machine that shows the Flow, scales it and tries its endpoints; `true` is `{}`. The start logs a link that
   * opens it once. Default null: none. See docs/dashboard.md.
   */
  readonly dashboard: DashboardRules | null
  /**
   * Log one line for each request at the gateway, on standard error; `true` is `{}`. Default null: none. See
   * docs/observability.md.
   */
  readonly accessLog: AccessLog | null
  /**
   * Serve metrics for Prometheus at a port of its own; `true` is `{}`. Default null: nothing is measured. See docs/metrics.md.
   */
  readonly metrics: MetricsRules | null
  /**
   * Send a trace of each request to a collector, by OpenTelemetry; `true` is `{}`. Default null: nothing is traced. See
   * docs/observability.md.
   */
  readonly tracing: TracingRules | null
  /**
   * What happens to a request for an endpoint that no Executor serves: `pass` returns it unchanged, with success, as Jina
   * does, and logs that once; `error` refuses it with NOT_FOUND. Default `pass`.
   */
  readonly unknownEndpoint: UnknownEndpoint
  /**
   * What becomes of stages that `inspect()` added: the answer waits for them and has their results; they run in the background; or
   * they are left out. Default `collect`. See docs/graphs.md.
   */
  readonly inspect: 'collect' | 'hang' | 'remove'
  /**
   * Print neither the banner nor what the start waits for, and log nothing of the Flow's own below `warn`, unless `log.level` says
   * otherwise. Default false.
   */
  readonly quiet: boolean
}

type AnyCase<T extends string> = T | Uppercase<T>

/** Options of `new Flow()`. */
export type FlowOptions = Partial<
  Omit<
    FlowSettings,
    | 'protocol'
    | 'port'
    | 'grpc'
    | 'http'
    | 'auth'
    | 'tls'
    | 'rateLimit'
    | 'queue'
    | 'limits'
    | 'requestLimits'
    | 'log'
    | 'accessLog'
    | 'dashboard'
    | 'metrics'
    | 'tracing'
  >
> & {
  readonly requestLimits?: Partial<RequestLimits>
  readonly log?: Partial<LogRules>
  readonly dashboard?: boolean | null | Partial<DashboardRules>
  readonly accessLog?: boolean | null | Partial<AccessLog>
  readonly metrics?: boolean | null | Partial<MetricsRules>
  readonly tracing?: boolean | null | Partial<TracingRules>
  readonly grpc?: Partial<FlowGrpc>
  readonly http?: Partial<FlowHttp>
  readonly auth?: null | (Pick<AuthRules, 'bearer'> & Partial<AuthRules>)
  readonly tls?: null | (Pick<TlsRules, 'cert' | 'key'> & Partial<TlsRules>)
  readonly rateLimit?: null | (Pick<RateRules, 'perSecond'> & Partial<RateRules>)
  readonly queue?: Partial<FlowQueue>
  readonly limits?: Partial<FlowLimits>
  readonly protocol?: AnyCase<ProtocolName> | readonly AnyCase<ProtocolName>[]
  readonly port?: number | readonly number[]
}

/** Checks and defaults of the options of `new Flow()`. */
export const flowOptions: OptionTable<FlowSettings> = {
  name: text('flow'),
  protocol: listOf(inAnyCase(oneOf(protocolNames, 'grpc')), ['grpc']),
  host: hostName('0.0.0.0'),
  port: listOf(integer(0, 0, 65_535), [0]),
  grpc: grpcOption,
  http: httpOption,
  auth: authOption,
  tls: tlsOption,
  rateLimit: rateLimitOption,
  trustProxy: trustProxyOption,
  headers: headersOption('all'),
  publicHost: text(null),
  workspace: text(null),
  env: textMap(),
  python: text(null),
  prefetch: integer(1000, 0),
  queue: queueOption,
  limits: limitsOption,
  maxMessageBytes: integer(256 * 1024 * 1024, 1024, 2 ** 31 - 1),
  requestLimits: requestLimitsOption,
  timeoutMs: optional(integer(600_000, 1), 600_000),
  timeoutSendMs: integer(null, 1),
  timeoutReadyMs: integer(600_000, -1),
  graceMs: integer(30_000, 0),
  control: flag(true),
  log: logOption,
  dashboard: dashboardOption,
  accessLog: accessLogOption,
  metrics: metricsOption,
  tracing: tracingOption,
  unknownEndpoint: oneOf<UnknownEndpoint>(['pass', 'error'], 'pass'),
  inspect: inAnyCase(oneOf(['collect', 'hang', 'remove'], 'collect')),
  quiet: flag(false),
}
