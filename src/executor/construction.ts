import type { Logger } from '../observe/logger.js'
import type { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import type { Endpoint } from './endpoint.js'
import type { Holder } from '../workspace/holder.js'

/** Name and description of an executor; `usesMetas` over the defaults. Further keys are kept. */
export interface Metas {
  /** Default: the name of the class. */
  readonly name: string
  readonly description: string
  /** Folder for the workspace when the stage sets none. */
  readonly workspace: string
  readonly [key: string]: unknown
}

/** Which replica of which stage an executor is. */
export interface RuntimeArgs {
  /** Name of the pod, `exec/rep-0`. */
  readonly name: string
  readonly deployment: string
  readonly replica: number
  readonly replicas: number
  readonly shardId: number
  readonly shards: number
  readonly workspace: string | null
}

/** The worker's facts about the executor that it is about to construct. */
export interface Construction {
  readonly metas: Metas
  readonly runtimeArgs: RuntimeArgs
  readonly requests: ReadonlyMap<string, Endpoint>
  readonly logger: Logger
  /** Default: its metrics go nowhere. */
  readonly metrics?: OwnMetrics
  /** The Flow that locks the workspace; null locks nothing. */
  readonly holder: Holder | null
  /** Its workspace where none was configured. */
  readonly defaultWorkspace?: string | undefined
}

const key = Symbol.for('millrace.construction')
const ambient = globalThis as typeof globalThis & { [key]?: Construction | undefined }

/**
 * Runs a constructor in which `takeConstruction()` returns `construction`.
 *
 * Ambient, and on `globalThis`, because users write `constructor({ path }) { super() }`: the base class needs these facts
 * although they were not passed to `super`, also if it comes from another copy of the package.
 */
export function constructWith<T>(construction: Construction, construct: () => T): T {
  const outer = ambient[key]
  ambient[key] = construction
  try {
    return construct()
  } finally {
    ambient[key] = outer
  }
}

/** Taken once: an executor created in the constructor of another one does not get its name. */
export function takeConstruction(): Construction | undefined {
  const construction = ambient[key]
  ambient[key] = undefined
  return construction
}
