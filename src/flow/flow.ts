import type { PostResult } from '../client-core/base-client.js'
import type { Client } from '../client/client.js'
import type { Input, Inputs } from '../client-core/inputs.js'
import type { PostOptions, SendOptions, StreamOptions } from '../client-core/options.js'
import type { Response } from '../client-core/response.js'
import type { LoadOptions } from '../config/load-flow.js'
import type { RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { FlowStatus } from '../control/status.js'
import type { Document } from '../document/index.js'
import type { endpointTypes, FlowTypes } from '../document/typed/index.js'
import type { WithStage } from '../executor/endpoints-of.js'
import { blockInPod, isPod, offerClass } from '../executor/load.js'
import type { OptionsOf } from '../export/index.js'
import { addStage, createPlan, type FlowPlan, setReplicas, setUsesWith } from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import { listenersOf } from '../plan/listeners.js'
import { addGather, addInspect, builtPlan } from '../plan/inspection.js'
import { openEnds } from '../plan/needs.js'
import type { Uses } from '../plan/executor-settings.js'
import type { AddOptions, StageOptions } from '../plan/stage-settings.js'
import type { AttachOptions, StartOptions } from '../platforms/index.js'
import { isCaptured } from './capture.js'
import type { CloseOptions } from './close-options.js'
import { Lifecycle } from './lifecycle.js'
import { openedAway, openFlow } from './opening.js'
import { checkScale, requireStages, stageNamed } from './stage-checks.js'

/**
 * Stages behind a gateway. The builder is immutable: `add()` returns a new Flow, whose type knows the names of its stages.
 *
 * @example
 * const flow = new Flow().add({ name: 'encoder', uses: Encoder, replicas: 2 })
 * await using running = await flow.start()
 * const results = await running.post('/index', documents)
 */
export class Flow<Stages extends string = never, Types extends FlowTypes = FlowTypes> {
  /** Type only: what `Client<typeof flow>` knows. */
  declare readonly [endpointTypes]?: Types
  #plan: FlowPlan
  readonly #lifecycle = new Lifecycle()

  /** @throws UNKNOWN_OPTION, INVALID_OPTION */
  constructor(options: FlowOptions = {}) {
    this.#plan = createPlan(options)
  }

  /**
   * Returns a Flow with one more stage: behind the last one, or behind the stages that it `needs`. Without `uses` documents
   * pass through at no cost.
   *
   * @example
   * const flow = new Flow()
   *   .add({ name: 'text', uses: TextEncoder })
   *   .add({ name: 'image', uses: ImageEncoder, needs: 'gateway' })
   *   .add({ name: 'ranker', uses: Ranker, needs: ['text', 'image'] })
   *
   * @throws INVALID_NAME, UNKNOWN_OPTION, INVALID_OPTION, INVALID_EXECUTOR, MODULE_NOT_FOUND, UNSUPPORTED
   */
  add<const Name extends string = `executor${number}`, const U extends Uses = never>(
    options?: AddOptions<Name, Stages, U>,
  ): Flow<Stages | Name, WithStage<Types, U>>
  /** With one of several Executors: its endpoints are not known. */
  add<const Name extends string>(
    options: AddOptions<Name, Stages>,
  ): Flow<Stages | Name, WithStage<Types, string>>
  add(options: StageOptions = {}): never {
    // the overloads say what it is
    return this.#with((plan) => addStage(plan, options), options) as never
  }

  /**
   * Returns a Flow with one more stage, which joins all stages that no other stage needs, in the order in which they were
   * added; floating ones are left out. Without `uses` it only joins.
   *
   * @throws as `add()`, and INVALID_OPTION when there is no such stage
   */
  needsAll<const Name extends string = 'joiner', const U extends Uses = never>(
    options: Omit<AddOptions<Name, Stages, U>, 'needs'> = {},
  ): Flow<Stages | Name, WithStage<Types, U>> {
    const needs = openEnds(this.#plan.stages) as readonly Stages[]
    return this.add<Name, U>({ ...options, name: options.name ?? ('joiner' as Name), needs })
  }

  /**
   * Returns a Flow with a stage that inspects what the last stage answers, to measure or to log it, say: the stages added
   * after it do not get its answer. What the client gets of it is decided by the Flow's option `inspect`.
   *
   * @throws as `add()`
   *
   * @example
   * const flow = new Flow({ inspect: 'collect' })
   *   .add({ name: 'encoder', uses: Encoder })
   *   .inspect({ name: 'quality', uses: Quality })
   *   .add({ name: 'indexer', uses: Indexer })
   */
  inspect<const Name extends string = 'inspect', const U extends Uses = never>(
    options: Omit<AddOptions<Name, Stages, U>, 'needs' | 'floating'> = {},
  ): Flow<Stages | Name, WithStage<Types, U>> {
    return this.#with((plan) => addInspect(plan, options), options)
  }

  /**
   * Returns a Flow with a stage that joins the last stage and the inspecting stages; the Flow's option `inspect: 'collect'` adds it at
   * the end by itself. Without `uses` it only joins. Without stages that inspect, the Flow is unchanged.
   *
   * @throws as `add()`
   */
  gatherInspect<const Name extends string = 'gather_inspect', const U extends Uses = never>(
    options: Omit<AddOptions<Name, Stages, U>, 'needs' | 'floating'> = {},
  ): Flow<Stages | Name, WithStage<Types, U>> {
    return this.#with((plan) => addGather(plan, options), options)
  }

  /**
   * Loads a Flow from YAML in Jina's format (which `saveConfig()` writes): a path, a URL or the text itself. The YAML of a
   * Deployment becomes a Flow with that one stage.
   *
   * @throws BAD_YAML, and what `new Flow()` and `add()` throw; messages begin with file, line and column.
   *
   * @example
   * const flow = await Flow.loadConfig('flow.yml', { context: { replicas: 2 } })
   */
  static async loadConfig(source: string | URL, options: LoadOptions = {}): Promise<Flow<string>> {
    for (const Class of options.executors ?? []) offerClass(Class)
    // imported on demand, as in start(), so that a pod that imports `millrace` stays small
    const { loadFlow } = await import('../config/load-flow.js')
    const flow = new Flow<string>()
    flow.#plan = await loadFlow(source, options)
    return flow
  }

  /**
   * This Flow as YAML, from which `loadConfig` creates an equal Flow. Paths are relative to `folder`.
   *
   * @throws UNSUPPORTED for what YAML cannot express: a function as `reduce`, a class without a module, data that is not JSON
   */
  async toYaml({ folder = process.cwd() }: { readonly folder?: string } = {}): Promise<string> {
    const { writeFlow } = await import('../config/write-flow.js')
    return writeFlow(this.#plan, folder)
  }

  /** Writes `toYaml()` to a file, with paths relative to its folder. @throws UNSUPPORTED, and errors of the file system */
  async saveConfig(file: string): Promise<void> {
    const { saveFlow } = await import('../config/write-flow.js')
    await saveFlow(this.#plan, file)
  }

  /** Names of the stages, in order. */
  get stages(): readonly string[] {
    return this.#plan.stages.map((stage) => stage.name)
  }

  get host(): string {
    return this.#plan.settings.host
  }

  /** The gateway's first port: the configured one until the Flow runs, then the actual one. */
  get port(): number {
    return this.ports[0] ?? 0
  }

  /** The gateway's ports. Protocols that share a port have one. */
  get ports(): readonly number[] {
    return this.#lifecycle.running?.ports ?? listenersOf(this.#plan.settings).map(({ port }) => port)
  }

  /** The port where metrics are served; null unless the Flow runs on this machine with `metrics`. */
  get metricsPort(): number | null {
    return this.#lifecycle.running?.metricsPort ?? null
  }

  /** The link that opens the page of this Flow once; null when it was opened, and without `dashboard`. */
  get dashboardUrl(): string | null {
    return this.#lifecycle.page?.url ?? null
  }

  /** A client of this Flow. In this program it reaches the gateway through a MessagePort. @throws NOT_STARTED */
  get client(): Client {
    return this.#lifecycle.need('client').client
  }

  /**
   * Starts the gateway and every pod; resolves with this Flow once every pod has answered a real call. With `on: 'docker'`
   * or `on: 'kubernetes'` the whole Flow runs there, and keeps running when this program exits.
   *
   * `close()`, `signal`, Ctrl-C and SIGTERM cancel a start in progress.
   *
   * Inside a pod (a process that imports this file for its Executor) the promise never resolves.
   *
   * @throws ALREADY_STARTED, PORT_IN_USE, START_FAILED, START_TIMEOUT, WORKSPACE_CONFLICT, CANCELLED, after stopping everything
   *   that was started (or the message says what still runs). UNKNOWN_OPTION, INVALID_OPTION, UNSUPPORTED for what a platform cannot run.
   */
  async start(options: StartOptions = {}): Promise<this> {
    if (isPod()) {
      blockInPod()
      return new Promise(() => {})
    }
    if (isCaptured(this)) return new Promise(() => {})
    this.#lifecycle.requireBuilt()
    requireStages(builtPlan(this.#plan))
    const { signal, ...where } = options
    await this.#lifecycle.start(
      (cancelled) =>
        openFlow({ flow: this, plan: this.#plan, lifecycle: this.#lifecycle, signal: cancelled }, where),
      signal,
    )
    return this
  }

  /**
   * Attaches to a Flow that already runs on Docker or Kubernetes, to post to it, scale it and read its status.
   *
   * @throws NOT_FOUND, UNKNOWN_OPTION, INVALID_OPTION, UNAVAILABLE
   *
   * @example
   * await using flow = await Flow.attach({ on: 'kubernetes', namespace: 'shop' })
   * await flow.scale('encoder', { replicas: 5 })
   */
  static async attach(options: AttachOptions): Promise<Flow<string>> {
    const { attach } = await import('./launch.js')
    const { plan, running } = await attach(options)
    const flow = new Flow<string>()
    flow.#plan = plan
    await flow.#lifecycle.start(async () => openedAway(running, null))
    return flow
  }

  /**
   * Sends documents through the Flow and resolves with the resulting documents, in order of completion.
   * See `Client.post` for inputs and options.
   *
   * @throws NOT_STARTED, and what `Client.post` throws.
   */
  async post<const O extends PostOptions>(on: string, inputs?: Inputs, options?: O): Promise<PostResult<O>> {
    return this.#lifecycle.need('post').client.post(on, inputs, options)
  }

  /** As `post`, but yields each response as it arrives. */
  stream(on: string, inputs?: Inputs, options?: StreamOptions): AsyncIterable<Response> {
    return this.#lifecycle.need('stream').client.stream(on, inputs, options)
  }

  /** Sends one document to an endpoint whose handler is a generator, and yields each document as the handler yields it. */
  streamDoc(on: string, document: Input, options?: SendOptions): AsyncIterable<Document> {
    return this.#lifecycle.need('streamDoc').client.streamDoc(on, document, options)
  }

  /**
   * Changes the number of replicas of a stage: of each of its shards, or of one. A running Flow starts pods (and admits each
   * once it has answered a real call), or drains and stops pods, while requests continue; otherwise only the plan changes.
   * Resolves with what happened: when calls overlap, the last one wins and cancels starts that it does not need.
   *
   * A stage with autoscaling accepts a number between its `min` and `max`, and continues from there.
   *
   * @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED; START_FAILED, START_TIMEOUT or WORKSPACE_CONFLICT when a new replica does
   *   not start: the old replicas are unchanged then.
   */
  async scale(name: Stages, request: ScaleRequest): Promise<Scaled> {
    const stage = stageNamed(this.#plan, name)
    checkScale(stage, request)
    const { replicas, shard } = request
    if (shard !== undefined) return this.#lifecycle.need('scale() of one shard').scale(name, request)
    const { running } = this.#lifecycle
    if (running === null) {
      this.#plan = setReplicas(this.#plan, name, replicas)
      return { from: stage.replicas, to: replicas, seconds: 0 }
    }
    const scaled = await running.scale(name, request)
    this.#plan = setReplicas(this.#plan, name, scaled.to)
    return scaled
  }

  /**
   * Changes the constructor options of a stage's Executor. A running Flow replaces its replicas one by one: it starts the new
   * replica first and waits until it has answered a real call, so capacity never drops. Otherwise only the plan changes.
   *
   * When a new replica does not start, replicas replaced so far are rolled back, and the failure is thrown.
   *
   * @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED, START_TIMEOUT, WORKSPACE_CONFLICT
   */
  async rollingUpdate(
    name: Stages,
    { usesWith }: { readonly usesWith: Readonly<Record<string, unknown>> },
  ): Promise<RolledOut> {
    stageNamed(this.#plan, name)
    const plan = setUsesWith(this.#plan, name, usesWith)
    const { running } = this.#lifecycle
    if (running === null) {
      this.#plan = plan
      return { replaced: 0, seconds: 0 }
    }
    const rolled = await running.rollingUpdate(name, usesWith)
    this.#plan = setUsesWith(this.#plan, name, usesWith)
    return rolled
  }

  /**
   * Number of replicas of a stage, per shard; a dead replica that is being replaced counts. Before the start: the planned number.
   * @throws NOT_FOUND
   */
  replicas(name: Stages): number {
    const { replicas } = stageNamed(this.#plan, name)
    return this.#lifecycle.running?.replicasOf(name) ?? replicas
  }

  /** Current state of every stage and every replica. @throws NOT_STARTED */
  async status(): Promise<FlowStatus> {
    return this.#lifecycle.need('status()').status()
  }

  /** True when a request through every stage succeeds. */
  async isReady(): Promise<boolean> {
    return (await this.#lifecycle.running?.client.isReady()) ?? false
  }

  /**
   * Writes the Flow as Kubernetes manifests: a folder for each stage, and `kustomization.yaml`. Resolves with the files' paths.
   *
   * @throws INVALID_OPTION, INVALID_NAME, UNSUPPORTED for a stage that cannot run there, with the reason
   */
  async toKubernetes(folder: string, options: OptionsOf<'kubernetes'> = {}): Promise<readonly string[]> {
    const { renderExport, writeFiles } = await import('../export/index.js')
    return writeFiles(folder, await renderExport('kubernetes', builtPlan(this.#plan), options))
  }

  /**
   * Writes the Flow as a Docker Compose file, and beside it a folder `millrace` with the files that its containers mount.
   * Resolves with the files' paths. @throws as `toKubernetes`
   */
  async toDockerCompose(file: string, options: OptionsOf<'docker-compose'> = {}): Promise<readonly string[]> {
    const { renderExport, writeAround } = await import('../export/index.js')
    return writeAround(file, await renderExport('docker-compose', builtPlan(this.#plan), options))
  }

  /**
   * Writes a `Dockerfile` for the project in `folder`, whose Executors this Flow runs, and a `.dockerignore` that leaves out the
   * folders below it in which the Flow keeps data. Resolves with the files' paths.
   *
   * @throws MODULE_NOT_FOUND, MALFORMED, INVALID_OPTION for a folder that is no project with `millrace` and a lock file
   */
  async toDockerfile(folder: string, options: OptionsOf<'dockerfile'> = {}): Promise<readonly string[]> {
    const { dataFolders, loadProject, renderExport, writeFiles } = await import('../export/index.js')
    const project = { ...loadProject(folder), dataFolders: dataFolders(this.#plan, folder) }
    return writeFiles(folder, await renderExport('dockerfile', project, options))
  }

  /** Writes a diagram of the Flow: a picture if the name of the file ends with `.svg`, else Mermaid's language. Resolves with the file's path. */
  async toFlowchart(file: string, options: OptionsOf<'flowchart'> = {}): Promise<readonly string[]> {
    const { renderExport, writeAround } = await import('../export/index.js')
    const format = /\.svg$/i.test(file) ? 'svg' : 'mermaid'
    return writeAround(file, await renderExport('flowchart', builtPlan(this.#plan), { format, ...options }))
  }

  /**
   * Refuses new requests, waits up to `graceMs` for requests in flight, and stops every pod. A Flow on Docker or Kubernetes
   * keeps running unless `remove` is true. While the Flow starts it cancels the start, and resolves when everything that was
   * started has stopped. Idempotent.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    await this.#lifecycle.close(options)
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #with<Names extends string, T extends FlowTypes>(
    add: (plan: FlowPlan) => FlowPlan,
    { uses, usesBefore, usesAfter }: StageOptions,
  ): Flow<Names, T> {
    for (const one of [uses, usesBefore, usesAfter]) if (typeof one === 'function') offerClass(one)
    const next = new Flow<Names, T>()
    next.#plan = add(this.#plan)
    return next
  }
}
