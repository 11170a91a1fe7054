import { type PolicyName, policyNames } from '../balancer/policies/index.js'
import { type ContainerOptions, type ContainerSettings, containerOptions } from './container.js'
import type { ExecutorSettings, Runtime, Uses } from './executor-settings.js'
import type { OptionTable } from './option.js'
import { anything, dataMap, flag, integer, listOf, oneOf, optional, text, textMap } from './option-kinds.js'
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
import { type Sharding, type ShardingOptions, shardingOptions } from './sharding.js'

/** Options of a stage, complete. */
export interface StageSettings extends ExecutorSettings, Sharding, ContainerSettings {
  /** An identifier, unique in the Flow. Default `executorN`. */
  readonly name: string | null
  /** The stage before. Only the one added last can be named so far. Default null: the one added last. */
  readonly needs: readonly string[] | null
  /** Copies that share the requests: a number, or bounds between which their number follows the load. Default 1. */
  readonly replicas: number | Autoscale
  /** How a replica is chosen. Default `power-of-two`. */
  readonly balance: PolicyName
  /** Handlers that may run at once in one replica. Default null: no limit beyond what the handlers themselves allow. */
  readonly maxConcurrency: number | null
  /**
   * How often a request that came to nothing is sent again, to another replica. Default -1, which is Jina's
   * `max(3, replicas)` (jina.md 3.8). Writes are only sent again when they cannot have run.
   */
  readonly retries: number
  /** A second try at another replica while the first is slow, for endpoints that read. Default null: none. */
  readonly hedge: Hedge | null
  /** What may wait for this stage. */
  readonly queue: Queue
  /** When a replica that does not answer is taken for dead. Null never does. */
  readonly liveness: Liveness | null
  /** How often dead replicas are replaced before the stage is degraded. */
  readonly restarts: Restarts
  /** Names of errors after which a replica ends and is replaced (Jina's `exit_on_exceptions`). Default `[]`. */
  readonly exitOnExceptions: readonly string[]
  readonly workspace: string | null
  /**
   * Whether all replicas of a shard must have one workspace. Default null: what the Executor's class says, where it is known
   * (`static sharedWorkspace`), as that of VectorIndexer does.
   */
  readonly sharedWorkspace: boolean | null
  readonly env: Readonly<Record<string, string>>
  readonly timeoutSendMs: number | null
  readonly timeoutReadyMs: number | null
  /**
   * Somebody else's servers at `host` and `port`; lists are replicas, those of shard 0 first, then as many of shard 1, and so
   * on. Default false.
   */
  readonly external: boolean
  readonly host: readonly string[] | null
  readonly port: readonly number[] | null
  /**
   * `dns`: each address of a host is a server, and hosts are looked up every second, so that servers come and go. For names
   * of headless Services and of Compose services. `kubernetes`: a host is `SERVICE.NAMESPACE.svc`, and each pod of it that is
   * ready is a server; its EndpointSlices are watched, or, without the right to, its name is looked up. Default `static`.
   */
  readonly discover: 'static' | 'dns' | 'kubernetes'
  /** TLS to an external server. Default false. */
  readonly tls: boolean
}

/** What `flow.add()` takes. */
export type StageOptions<Name extends string = string> = Partial<
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
    readonly needs?: string | readonly string[]
    readonly replicas?: number | AutoscaleOptions
    readonly hedge?: HedgeOptions | null
    readonly queue?: QueueOptions
    readonly liveness?: LivenessOptions | null
    readonly restarts?: RestartsOptions
    readonly host?: string | readonly string[]
    readonly port?: number | readonly number[]
  }

export const stageOptions: OptionTable<StageSettings> = {
  name: text(null),
  uses: {
    ...anything<Uses | null>(null),
    expected: 'an Executor class, the path or URL of a module or YAML file, or { jtype }',
  },
  usesWith: dataMap(),
  usesMetas: dataMap(),
  usesRequests: textMap(),
  needs: listOf(text('gateway'), []) as OptionTable<StageSettings>['needs'],
  replicas: autoscaleOption,
  runtime: oneOf<Runtime>(['process', 'thread', 'inline'], 'process'),
  balance: oneOf<PolicyName>(policyNames, 'power-of-two'),
  maxConcurrency: integer(null, 1),
  retries: integer(-1, -1, 100),
  hedge: hedgeOption,
  queue: queueOption,
  liveness: livenessOption,
  restarts: restartsOption,
  exitOnExceptions: listOf(text('Error'), []),
  workspace: text(null),
  sharedWorkspace: optional(flag(false)),
  env: textMap(),
  timeoutSendMs: integer(null, 1),
  timeoutReadyMs: integer(null, -1),
  external: flag(false),
  host: listOf(text('localhost'), []) as OptionTable<StageSettings>['host'],
  port: listOf(integer(0, 1, 65_535), []) as OptionTable<StageSettings>['port'],
  discover: oneOf(['static', 'dns', 'kubernetes'], 'static'),
  tls: flag(false),
  ...shardingOptions,
  ...containerOptions,
}
