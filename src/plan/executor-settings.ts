import type { DynamicBatching } from '../executor/batching.js'
import type { ExecutorClass } from '../executor/executor.js'
import type { ExecutorConfig } from '../yaml/executor-config.js'

/**
 * Where a replica runs. `process` (the default) confines a crash or a blocking native call to one replica; `thread` starts
 * faster and uses less memory; `inline` runs on the thread that started the Flow.
 */
export type Runtime = 'process' | 'thread' | 'inline'

/**
 * An Executor: its class, the module that exports it (`'./indexer.js#Indexer'`), its YAML (`'./indexer.yml'`, or the content
 * of such a file), the image of its containers (`'docker://registry.example/indexer:1.2'`), or a class of a module that Python
 * imports (`'python:encoder.Encoder'`).
 */
export type Uses = ExecutorClass | string | URL | ExecutorConfig

/** Which Executor a stage runs, with which options, and where; resolved, with defaults filled in. */
export interface ExecutorSettings {
  /** Default null: documents pass through without a hop. */
  readonly uses: Uses | null
  /** First argument of the Executor's constructor; plain data. Default `{}`. */
  readonly usesWith: Readonly<Record<string, unknown>>
  /** Overrides of the Executor's `metas` (`name`, `description`, `workspace`). Default `{}`. */
  readonly usesMetas: Readonly<Record<string, unknown>>
  /** Method name by endpoint; overrides the bindings of the class. Default `{}`. */
  readonly usesRequests: Readonly<Record<string, string>>
  /**
   * Batching by endpoint, or by the name of the method that serves it; merged over what the Executor sets. False turns it off.
   * Default `{}`.
   */
  readonly dynamicBatching: DynamicBatching
  /** Default `process`. */
  readonly runtime: Runtime
}
