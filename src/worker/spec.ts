import type { DynamicBatching } from '../executor/batching.js'
import type { LogRules } from '../observe/log-rules.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import type { Holder } from '../workspace/holder.js'

/** Which Executor a pod runs, and its options; plain data, so that it can cross a thread or process boundary. */
export interface ExecutorSpec {
  /** File URL of the module that defines the class; null is the pass-through base class. */
  readonly module: string | null
  /** Modules that are imported first, one of which may have the class instead; file URLs. Default none. */
  readonly otherModules?: readonly string[]
  /** The program runs TypeScript with Node alone, so its modules need no other loader. Default false. */
  readonly nativeTypeScript?: boolean
  /** Export or class name within the module; null takes the default export, else the only Executor of the module. */
  readonly className: string | null
  readonly usesWith: Readonly<Record<string, unknown>>
  readonly usesMetas: Readonly<Record<string, unknown>>
  /** Maps an endpoint to a method's name, over the bindings of the class. */
  readonly usesRequests: Readonly<Record<string, string>>
  /** Batching by endpoint or method, merged over that of the class. Default `{}`. */
  readonly dynamicBatching?: DynamicBatching
  readonly workspace: string | null
  /** Used where neither the stage nor its Executor names one. */
  readonly defaultWorkspace?: string
  /** The Flow that locks its workspace; null for a worker without one, which locks nothing. */
  readonly holder: Holder | null
  /** Handlers that may run at the same time in one replica; null is 1 for sync handlers and no limit for async ones. */
  readonly maxConcurrency: number | null
  /** Batches of every endpoint may run at the same time, up to `maxConcurrency`. Default false. */
  readonly allowConcurrent?: boolean
  /** Requests that may run or be queued in one replica; it refuses more, which are then tried elsewhere. */
  readonly capacity: number
  /** Names of errors, or of their classes, after which the replica ends. */
  readonly exitOnExceptions: readonly string[]
  /** Measures its requests, its thread and its process. Default false: nothing is measured. */
  readonly metrics?: boolean
  /** What it logs. Default: as the environment says. */
  readonly log?: LogRules
  /** Traces its requests. Default null: they are not traced. */
  readonly tracing?: TracingRules | null
  /** Name of the pod, `exec/rep-0`: the key under `__results__`. */
  readonly podName: string
  readonly deployment: string
  /** Name of the Flow that it belongs to; null when that is not known. */
  readonly flow: string | null
  readonly replica: number
  readonly replicas: number
  readonly shardId: number
  readonly shards: number
}
