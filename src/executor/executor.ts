import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createLogger, type Logger } from '../observe/logger.js'
import type { Metrics } from '../observe/metrics/own/metrics.js'
import { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import type { EndpointMap, endpointTypes } from '../document/typed/index.js'
import type { Ranking } from '../wire/lists/ranking.js'
import { type Construction, type Metas, type RuntimeArgs, takeConstruction } from './construction.js'
import type { Endpoint } from './endpoint.js'
import { checkDeclaration, declaredEndpoints } from './declared-endpoints.js'
import type { StaticRequests } from './options.js'
import { defaultWorkspace, makeDefaultWorkspace } from '../workspace/default-workspace.js'
import { openWorkspace } from '../workspace/open-workspace.js'
import { requireShared } from '../workspace/own-workspace.js'

const brand = Symbol.for('millrace.executor')

/**
 * Base class of everything that serves requests. By itself it passes documents through.
 *
 * `usesWith` of the stage is the constructor's first argument. `metas`, `runtimeArgs`, `requests`, `logger`, `metrics` and
 * `workspace` are set as soon as `super()` has returned, whatever its arguments were.
 *
 * @example
 * class Upper extends Executor {
 *   @requests('/upper')
 *   upper(docs: DocumentArray) {
 *     for (const doc of docs) doc.text = doc.text.toUpperCase()
 *   }
 * }
 *
 * `Executor.declaring({ '/encode': options })` declares the types of endpoints that decorators bind, for `Client<typeof flow>`, and
 * requires that all of them are served. `Executor<{ '/encode': typeof options }>` has only the decorators checked, and tells a client
 * nothing: whether an endpoint is served at all cannot be seen from types.
 */
export class Executor<Endpoints extends EndpointMap = EndpointMap> {
  /** Type only: what `Client<typeof flow>` knows. */
  declare readonly [endpointTypes]?: Endpoints
  static readonly [brand]: boolean = true
  /** Endpoints without decorators: maps a path to a method's name or to `{ method, write }`. */
  static requests?: StaticRequests
  /**
   * Whether all replicas of a shard must share one workspace, as those of an index do. Default false. The stage is refused in a
   * cluster where each replica would have a folder of its own.
   */
  static sharedWorkspace?: boolean
  /** `import.meta.url` of the module that defines the class; only needed without any `@requests`, which records it. */
  static module?: string
  /** What `declaring` was given. */
  static readonly [declaredEndpoints]?: EndpointMap

  /**
   * A base class that declares the types of endpoints, for `Client<typeof flow>`. A class that extends it must serve all of them
   * with these types: what differs does not compile, and what is missing is refused when a Flow or a pod gets the class.
   *
   * @throws INVALID_EXECUTOR, INVALID_OPTION
   *
   * @example
   * const encode = { input: Text, output: Article }
   * class Encoder extends Executor.declaring({ '/encode': encode }) {
   *   @requests({ ...encode, on: '/encode' })
   *   encode(docs: DocList<typeof Text>) {
   *     return docs.to(Article, ({ text }) => ({ embedding: model.encode(text) }))
   *   }
   * }
   */
  static declaring<const Endpoints extends EndpointMap>(
    endpoints: Endpoints,
  ): typeof Executor<Endpoints> & { readonly [declaredEndpoints]: EndpointMap } {
    checkDeclaration(endpoints)
    return class extends Executor<Endpoints> {
      static override readonly [declaredEndpoints]: EndpointMap = endpoints
    }
  }

  readonly metas: Metas
  readonly runtimeArgs: RuntimeArgs
  /** Its endpoints and their methods. */
  readonly requests: ReadonlyMap<string, Endpoint>
  readonly logger: Logger
  /** Its own metrics, served with those of the Flow (`FlowOptions.metrics`). See docs/metrics.md. */
  readonly metrics: Metrics
  /**
   * How it ranks matches: how many it returns without `parameters.limit`, by which score, in which order. With it several shards
   * give the same answers as one, even where the answers do not show the ranking (`StageOptions.reduce` takes precedence).
   */
  ranking?: Partial<Ranking>
  readonly #construction: Construction | undefined
  readonly #workspaceOption: string | undefined
  #workspace: string | undefined

  constructor(options: Readonly<Record<string, unknown>> = {}) {
    const given = takeConstruction()
    const name = new.target.name || 'Executor'
    this.#construction = given
    this.metas = given?.metas ?? { name, description: '', workspace: '' }
    this.runtimeArgs = given?.runtimeArgs ?? standalone(name)
    this.requests = given?.requests ?? new Map<string, Endpoint>()
    this.logger = given?.logger ?? createLogger(name)
    this.metrics = given?.metrics ?? new OwnMetrics({ isOn: false })
    this.#workspaceOption = typeof options.workspace === 'string' ? options.workspace : undefined
  }

  /**
   * Folder of this executor's shard, absolute: `WORKSPACE/NAME/SHARD`; created on first access. Replicas of one shard share it.
   * WORKSPACE is the stage's, else that of `metas`, else the option `workspace` passed to `super`, else
   * `PROJECT/.millrace/FLOW/STAGE`, which is logged (Jina has one folder for all, jina.md 2.6).
   *
   * In a Flow it is checked and locked on first access. An executor created directly does neither.
   *
   * @throws WORKSPACE_CONFLICT when it holds data of another number of shards, or another Flow has it.
   */
  get workspace(): string {
    this.#workspace ??= this.#openWorkspace()
    return this.#workspace
  }

  /**
   * Called once, before the first request: loads what the first request would otherwise wait for. A replica is ready once this
   * has resolved, and fails to start when it rejects.
   */
  warmUp(): void | Promise<void> {}

  /** Called once, after the last handler has ended. */
  close(): void | Promise<void> {}

  #openWorkspace(): string {
    const { workspace, shardId, shards, deployment } = this.runtimeArgs
    const given = workspace || this.metas.workspace || this.#workspaceOption
    const root = given || this.#defaultWorkspace()
    const folder = resolve(root, this.metas.name, String(shardId))
    if (this.#construction !== undefined) {
      const { sharedWorkspace, name } = this.constructor as ExecutorClass
      if (sharedWorkspace === true) requireShared(name)
      const { holder } = this.#construction
      const stage = sharedWorkspace === true ? deployment : undefined
      return openWorkspace({ folder: dirname(folder), shardId, shards, holder, stage })
    }
    mkdirSync(folder, { recursive: true })
    return folder
  }

  #defaultWorkspace(): string {
    const { replica, shardId, deployment } = this.runtimeArgs
    const asked = this.#construction?.defaultWorkspace ?? defaultWorkspace('executors', deployment)
    const folder = makeDefaultWorkspace(asked)
    if (replica === 0 && shardId === 0) this.logger.info(`no workspace is configured; using ${folder}`)
    return folder
  }
}

/** A class that extends Executor, of this or another copy of the package. */
export interface ExecutorClass<E extends Executor = Executor> {
  // oxlint-disable-next-line typescript/no-explicit-any -- a subclass may require any options
  new (options?: any): E
  readonly name: string
  readonly prototype: E
  requests?: StaticRequests
  module?: string
  sharedWorkspace?: boolean
  readonly [declaredEndpoints]?: EndpointMap
}

export function isExecutorClass(value: unknown): value is ExecutorClass {
  return typeof value === 'function' && brand in value
}

/** True for the base class itself, which passes everything through. */
export function isBaseClass(value: unknown): boolean {
  return typeof value === 'function' && Object.hasOwn(value, brand)
}

/** The class and its ancestors below Executor, the most general one first. */
export function lineage(Class: ExecutorClass): ExecutorClass[] {
  const classes: ExecutorClass[] = []
  let current: unknown = Class
  while (isExecutorClass(current) && !isBaseClass(current)) {
    classes.unshift(current)
    current = Object.getPrototypeOf(current)
  }
  return classes
}

function standalone(name: string): RuntimeArgs {
  return { name, deployment: name, replica: 0, replicas: 1, shardId: 0, shards: 1, workspace: null }
}
