import { type PolicyName, policyNames } from '../balancer/policies/index.js'
import type { ExecutorClass } from '../executor/executor.js'
import type { OptionTable } from './option.js'
import { anything, dataMap, flag, integer, listOf, oneOf, text, textMap } from './option-kinds.js'

/**
 * Where a replica runs. `process` (the default) keeps a crash or a blocking native call to one replica; `thread` starts
 * faster and takes less memory; `inline` runs on the thread that started the Flow.
 */
export type Runtime = 'process' | 'thread' | 'inline'

/** An Executor: its class, the module that has it (`'./indexer.js#Indexer'`), or nothing for a stage that passes documents on. */
export type Uses = ExecutorClass | string | URL

/** Options of a stage, complete. */
export interface StageSettings {
  /** An identifier, unique in the Flow. Default `executorN`. */
  readonly name: string | null
  /** Default null: documents pass through, without a hop. */
  readonly uses: Uses | null
  /** First argument of the Executor's constructor; plain data. Default `{}`. */
  readonly usesWith: Readonly<Record<string, unknown>>
  /** Overrides of the Executor's `metas` (`name`, `description`, `workspace`). Default `{}`. */
  readonly usesMetas: Readonly<Record<string, unknown>>
  /** Endpoint to method name, over what the class binds itself. Default `{}`. */
  readonly usesRequests: Readonly<Record<string, string>>
  /** The stage before. Only the one added last can be named so far. Default null: the one added last. */
  readonly needs: readonly string[] | null
  /** Copies that share the requests. Default 1. */
  readonly replicas: number
  /** Default `process`. */
  readonly runtime: Runtime
  /** How a replica is chosen. Default `power-of-two`. */
  readonly balance: PolicyName
  /** Handlers that may run at once in one replica. Default null: no limit beyond what the handlers themselves allow. */
  readonly maxConcurrency: number | null
  readonly workspace: string | null
  readonly env: Readonly<Record<string, string>>
  readonly timeoutSendMs: number | null
  readonly timeoutReadyMs: number | null
  /** Somebody else's server at `host` and `port`; lists are replicas. Default false. */
  readonly external: boolean
  readonly host: readonly string[] | null
  readonly port: readonly number[] | null
  /** TLS to an external server. Default false. */
  readonly tls: boolean
}

/** What `flow.add()` takes. */
export type StageOptions<Name extends string = string> = Partial<
  Omit<StageSettings, 'name' | 'uses' | 'needs' | 'host' | 'port'>
> & {
  readonly name?: Name
  readonly uses?: Uses
  readonly needs?: string | readonly string[]
  readonly host?: string | readonly string[]
  readonly port?: number | readonly number[]
}

export const stageOptions: OptionTable<StageSettings> = {
  name: text(null),
  uses: { ...anything<Uses | null>(null), expected: 'an Executor class, or the path or URL of a module' },
  usesWith: dataMap(),
  usesMetas: dataMap(),
  usesRequests: textMap(),
  needs: listOf(text('gateway'), []) as OptionTable<StageSettings>['needs'],
  replicas: integer(1, 1, 1024),
  runtime: oneOf<Runtime>(['process', 'thread', 'inline'], 'process'),
  balance: oneOf<PolicyName>(policyNames, 'power-of-two'),
  maxConcurrency: integer(null, 1),
  workspace: text(null),
  env: textMap(),
  timeoutSendMs: integer(null, 1),
  timeoutReadyMs: integer(null, -1),
  external: flag(false),
  host: listOf(text('localhost'), []) as OptionTable<StageSettings>['host'],
  port: listOf(integer(0, 1, 65_535), []) as OptionTable<StageSettings>['port'],
  tls: flag(false),
}
