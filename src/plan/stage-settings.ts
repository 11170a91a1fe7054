import { type PolicyName, policyNames } from '../balancer/policies/index.js'
import type { DocArrayVersion } from '../document/list-version.js'
import type { DynamicBatching } from '../executor/batching.js'
import { type ContainerOptions, type ContainerSettings, containerOptions } from './container.js'
import type { ExecutorSettings, Runtime, Uses } from './executor-settings.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { ForwardHeaders } from '../transport/forward-headers.js'
import { stageTlsOption } from './client-tls.js'
import { headersOption } from './headers-option.js'
import type { Option, OptionTable } from './option.js'
import {
  anything,
  dataMap,
  flag,
  hostName,
  integer,
  listOf,
  oneOf,
  optional,
  text,
  textMap,
} from './option-kinds.js'
import {
  type Autoscale,
  type AutoscaleOptions,
  autoscaleOption,
  type Hedge,
  type HedgeOptions,
  hedgeOption,
  type Liveness,
  type LivenessOptions,
  livenessOption,
  type Queue,
  type QueueOptions,
  queueOption,
  type Restarts,
  type RestartsOptions,
  restartsOption,
} from './resilience.js'
import { type When, whenOption } from './condition.js'
import { type Sharding, type ShardingOptions, shardingOptions } from './sharding.js'

/** Resolved options of a stage. */
export interface StageSettings extends ExecutorSettings, Sharding, ContainerSettings {
  /** An identifier, unique in the Flow. Default `executorN`. */
  readonly name: string | null
  /**
   * The stages whose answers it gets, or `gateway`; they were added before. With several it is a join: `reduce` makes one
   * request of their answers, in this order. Default null: the last stage added that is not floating.
   */
  readonly needs: readonly string[] | null
  /**
   * Which documents reach the stage, as a filter of DocArray: `{ tags__price: { $gt: 5 } }`. Or an object of filters for `docs`,
   * `parameters` and `headers`: a request whose parameters or headers do not pass reaches the stage without documents. Default
   * null: all.
   */
  readonly when: When | null
  /** Answers to clients do not wait for it; its failures are logged and counted. Default false. */
  readonly floating: boolean
  /** Number of replicas, or bounds for autoscaling. Default 1. */
  readonly replicas: number | Autoscale
  /** Balancing policy. Default `power-of-two`. */
  readonly balance: PolicyName
  /** Most handlers running at once in one replica. Default null: only the limits of the handlers themselves. */
  readonly maxConcurrency: number | null
  /**
   * Batches of one endpoint may run at the same time in a replica, up to `maxConcurrency`. Default false: one after the other,
   * unless `maxConcurrency` says more. Without batching it has no effect.
   */
  readonly allowConcurrent: boolean
  /**
   * How often a failed request is retried on another replica. Default -1, which is Jina's `max(3, replicas)`
   * (jina.md 3.8). Writes are retried only when they cannot have run.
   */
  readonly retries: number
  /**
   * How many replicas may be lost while they run the same read. Then the request counts as the cause and fails with
   * POISON_REQUEST. Default 2.
   */
  readonly maxLostReplicas: number
  /** Hedging for endpoints that read: a second attempt on another replica while the first is slow. Default null: none. */
  readonly hedge: Hedge | null
  /** Queue limits. */
  readonly queue: Queue
  /** When a replica that does not answer counts as dead. Null: never. */
  readonly liveness: Liveness | null
  /** Restart budget for dead replicas; when it is used up the stage is degraded. */
  readonly restarts: Restarts
  /** Names of errors after which a replica exits and is replaced (Jina's `exit_on_exceptions`). Default `[]`. */
  readonly exitOnExceptions: readonly string[]
  readonly workspace: string | null
  /**
   * Whether all replicas of a shard must share one workspace. Default null: what the Executor's class declares, if it is
   * known (`static sharedWorkspace`, as in VectorIndexer).
   */
  readonly sharedWorkspace: boolean | null
  readonly env: Readonly<Record<string, string>>
  /**
   * The interpreter of an Executor in Python: a path, or a name that is looked up in PATH. Default null: that of the Flow, else
   * what `VIRTUAL_ENV` names, else `.venv` in the working directory, else `python3`.
   */
  readonly python: string | null
  readonly timeoutSendMs: number | null
  readonly timeoutReadyMs: number | null
  /**
   * The stage is served by servers at `host` and `port` that Millrace does not start. Lists are replicas: those of shard 0
   * first, then as many of shard 1, and so on. Default false.
   */
  readonly external: boolean
  readonly host: readonly string[] | null
  readonly port: readonly number[] | null
  /**
   * How `host` is resolved. `dns`: each address of a host is a server, looked up every second; for headless Services and
   * Compose services. `kubernetes`: a host is `SERVICE.NAMESPACE.svc` and each ready pod is a server; watches its
   * EndpointSlices, or falls back to DNS without permission. Default `static`.
   */
  readonly discover: 'static' | 'dns' | 'kubernetes'
  /**
   * Use TLS to external servers: `true`, or with authorities, an own certificate, and the name of the servers. Default false.
   */
  readonly tls: boolean | ClientTls
  /**
   * Headers of the caller that external servers get, by name, or `all`. Trace context (`traceparent`, `tracestate`) is always
   * forwarded. Default `[]`: callers' credentials are not forwarded. Pods of the Flow itself get all headers.
   */
  readonly forwardHeaders: ForwardHeaders
  /**
   * The only format of documents that external servers, or an Executor of Jina in Python or in an image, speak: those of DocArray
   * before 0.30 `v1`, later ones `v2`. Documents in the other format are converted. Default null: as the servers say themselves.
   */
  readonly docarray: DocArrayVersion | null
}

/** Options of `flow.add()`. `Names`: the stages that it can need. */
export type StageOptions<Name extends string = string, Names extends string = string> = Partial<
  Omit<
    StageSettings,
    | keyof Sharding
    | keyof ContainerSettings
    | ('name' | 'uses' | 'needs' | 'host' | 'port' | 'replicas' | 'hedge' | 'queue' | 'liveness' | 'restarts')
  >
> &
  ShardingOptions &
  ContainerOptions & {
    readonly name?: Name
    readonly uses?: Uses
    readonly needs?: Names | 'gateway' | readonly (Names | 'gateway')[]
    readonly replicas?: number | AutoscaleOptions
    readonly hedge?: HedgeOptions | null
    readonly queue?: QueueOptions
    readonly liveness?: LivenessOptions | null
    readonly restarts?: RestartsOptions
    readonly host?: string | readonly string[]
    readonly port?: number | readonly number[]
  }

/** Options of `flow.add()` as users type them: `Stages` are the stages that a stage may need by name, besides `gateway`. */
export type AddOptions<
  Name extends string = string,
  Stages extends string = never,
  U extends Uses = Uses,
> = Omit<StageOptions<Name, Stages>, 'uses'> & { readonly uses?: U }

/** Checks and defaults of the options of `flow.add()`. */
export const stageOptions: OptionTable<StageSettings> = {
  name: text(null),
  uses: {
    ...anything<Uses | null>(null),
    expected: 'an Executor class, the path or URL of a module or YAML file, or { jtype }',
  },
  usesWith: dataMap(),
  usesMetas: dataMap(),
  usesRequests: textMap(),
  dynamicBatching: dataMap() as Option<DynamicBatching>,
  needs: listOf(text('gateway'), []) as OptionTable<StageSettings>['needs'],
  when: whenOption,
  floating: flag(false),
  replicas: autoscaleOption,
  runtime: oneOf<Runtime>(['process', 'thread', 'inline'], 'process'),
  balance: oneOf<PolicyName>(policyNames, 'power-of-two'),
  maxConcurrency: integer(null, 1),
  allowConcurrent: flag(false),
  retries: integer(-1, -1, 100),
  maxLostReplicas: integer(2, 1, 100),
  hedge: hedgeOption,
  queue: queueOption,
  liveness: livenessOption,
  restarts: restartsOption,
  exitOnExceptions: listOf(text('Error'), []),
  workspace: text(null),
  sharedWorkspace: optional(flag(false)),
  env: textMap(),
  python: text(null),
  timeoutSendMs: integer(null, 1),
  timeoutReadyMs: integer(null, -1),
  external: flag(false),
  host: listOf(hostName('localhost'), []) as OptionTable<StageSettings>['host'],
  port: listOf(integer(0, 1, 65_535), []) as OptionTable<StageSettings>['port'],
  discover: oneOf(['static', 'dns', 'kubernetes'], 'static'),
  tls: stageTlsOption,
  forwardHeaders: headersOption([]),
  docarray: optional(oneOf<DocArrayVersion>(['v1', 'v2'], 'v2')),
  ...shardingOptions,
  ...containerOptions,
}
