import type { Logger } from '../observe/logger.js'
import type { Endpoint } from './endpoint.js'
import type { Holder } from '../workspace/holder.js'

/** Name and texts of an executor; `usesMetas` over the defaults. Further keys are kept. */
export interface Metas {
  /** Default: the name of the class. */
  readonly name: string
  readonly description: string
  /** Folder for the workspace when the stage names none. */
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

/** What a worker knows of the executor it is about to construct. */
export interface Construction {
  readonly metas: Metas
  readonly runtimeArgs: RuntimeArgs
  readonly requests: ReadonlyMap<string, Endpoint>
  readonly logger: Logger
  /** The Flow that locks the workspace; null locks nothing. */
  readonly holder: Holder | null
  /** Its workspace where nobody has named one. */
  readonly defaultWorkspace?: string | undefined
}

const key = Symbol.for('millrace.construction')
const ambient = globalThis as typeof globalThis & { [key]?: Construction | undefined }

/**
 * Runs a constructor so that `takeConstruction()` inside of it finds `construction`.
 *
 * Ambient, and on `globalThis`, because users write `constructor({ path }) { super() }`: what is not handed to
 * `super` must reach the base class all the same, of whichever copy of the package it is.
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

/** Taken once: an executor that makes another one in its constructor does not lend it its name. */
export function takeConstruction(): Construction | undefined {
  const construction = ambient[key]
  ambient[key] = undefined
  return construction
}
