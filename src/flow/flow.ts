import type { Client, PostResult } from '../client/client.js'
import type { Input, Inputs } from '../client/inputs.js'
import type { PostOptions, SendOptions, StreamOptions } from '../client/options.js'
import type { Response } from '../client/response.js'
import type { LoadOptions } from '../config/load-flow.js'
import type { RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { ControlServer } from '../control/server.js'
import type { FlowStatus } from '../control/status.js'
import type { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { isPod, offerClass } from '../executor/load.js'
import type { OptionsOf } from '../export/index.js'
import {
  addStage,
  createPlan,
  type FlowPlan,
  setReplicas,
  setUsesWith,
  type StagePlan,
} from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import { resolveOptions } from '../plan/option.js'
import { oneOf } from '../plan/option-kinds.js'
import type { StageOptions } from '../plan/stage-settings.js'
import type { AttachOptions, PlatformName, StartOptions } from '../platforms/index.js'
import { onInterrupt } from './interrupt.js'
import type { CloseOptions } from './life.js'
import { Lifecycle, type Opened } from './lifecycle.js'
import { notePods } from './pods-of.js'
import { checkScale, stageNamed } from './stage-checks.js'

/**
 * Stages behind a gateway. Immutable while it is built: `add()` gives a new Flow whose type knows its stages.
 *
 * @example
 * const flow = new Flow().add({ name: 'encoder', uses: Encoder, replicas: 2 })
 * await using running = await flow.start()
 * const results = await running.post('/index', documents)
 */
export class Flow<Stages extends string = never> {
  #plan: FlowPlan
  readonly #life = new Lifecycle()

  /** @throws UNKNOWN_OPTION, INVALID_OPTION */
  constructor(options: FlowOptions = {}) {
    this.#plan = createPlan(options)
  }

  /**
   * A Flow with one more stage at its end. Without `uses` documents pass through, at no cost.
   *
   * @throws INVALID_NAME, UNKNOWN_OPTION, INVALID_OPTION, INVALID_EXECUTOR, MODULE_NOT_FOUND, UNSUPPORTED
   */
  add<const Name extends string = `executor${number}`>(
    options: StageOptions<Name> = {},
  ): Flow<Stages | Name> {
    for (const uses of [options.uses, options.usesBefore, options.usesAfter]) {
      if (typeof uses === 'function') offerClass(uses)
    }
    const next = new Flow<Stages | Name>()
    next.#plan = addStage(this.#plan, options)
    return next
  }

  /**
   * The Flow of a YAML file, as Jina writes it or as `saveConfig()` does: a path, a URL or the text itself. Of a Deployment's
   * YAML it is a Flow with that stage.
   *
   * @throws BAD_YAML, and whatever `new Flow()` and `add()` throw; the message begins with file, line and column.
   *
   * @example
   * const flow = await Flow.loadConfig('flow.yml', { context: { replicas: 2 } })
   */
  static async loadConfig(source: string | URL, options: LoadOptions = {}): Promise<Flow<string>> {
    for (const Class of options.executors ?? []) offerClass(Class)
    // as in start(): a pod that imports `millrace` does without
    const { loadFlow } = await import('../config/load-flow.js')
    const flow = new Flow<string>()
    flow.#plan = await loadFlow(source, options)
    return flow
  }

  /**
   * This Flow as YAML that `loadConfig` makes the same Flow of, paths from `folder`.
   *
   * @throws UNSUPPORTED for what a file cannot say: a function as `reduce`, a class without a module, data that is none of JSON
   */
  async toYaml({ folder = process.cwd() }: { readonly folder?: string } = {}): Promise<string> {
    const { writeFlow } = await import('../config/write-flow.js')
    return writeFlow(this.#plan, folder)
  }

  /** Writes `toYaml()` into a file, paths from its folder. @throws UNSUPPORTED, and what the file system throws */
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

  /** The gateway's port: what was configured until the Flow runs, then the real one. */
  get port(): number {
    return this.#life.running?.port ?? this.#plan.settings.port[0] ?? 0
  }

  /** A client of this Flow, which reaches the gateway through a MessagePort. @throws NOT_STARTED */
  get client(): Client {
    return this.#life.need('client').client
  }

  /**
   * Starts the gateway and every pod; resolves with this Flow once each has answered a real call. `on: 'docker'` and
   * `on: 'kubernetes'` bring the whole Flow there, where it goes on when this program ends.
   *
   * Inside a pod (a process that imports this file for its Executor) it never resolves.
   *
   * @throws ALREADY_STARTED, PORT_IN_USE, START_FAILED, START_TIMEOUT, WORKSPACE_CONFLICT; then nothing is left running, or
   *   the message says what. UNKNOWN_OPTION, INVALID_OPTION, UNSUPPORTED for what cannot run there.
   */
  async start(options: StartOptions = {}): Promise<this> {
    if (isPod()) return new Promise(() => {})
    this.#life.requireBuilt()
    if (this.#plan.stages.length === 0) {
      throw new MillraceError(
        'INVALID_OPTION',
        'This Flow has no stages. Add one with flow.add({ name, uses }).',
      )
    }
    await this.#life.start(() => (isHere(options) ? this.#openHere(options) : this.#openAway(options)))
    return this
  }

  /**
   * A Flow that runs on Docker or Kubernetes already, to post to it, to scale it and to see how it stands.
   *
   * @throws NOT_FOUND, UNKNOWN_OPTION, INVALID_OPTION, UNAVAILABLE
   *
   * @example
   * await using flow = await Flow.attach({ on: 'kubernetes', namespace: 'shop' })
   * await flow.scale('encoder', { replicas: 5 })
   */
  static async attach(options: AttachOptions): Promise<Flow<string>> {
    const { attach } = await import('./life.js')
    const { plan, running } = await attach(options)
    const flow = new Flow<string>()
    flow.#plan = plan
    await flow.#life.start(async () => ({ running, ...unattended }))
    return flow
  }

  /**
   * Sends documents through the Flow and gives what comes back, in order of completion.
   * See `Client.post` for inputs and options.
   *
   * @throws NOT_STARTED, and whatever `Client.post` throws.
   */
  async post<const O extends PostOptions>(on: string, inputs?: Inputs, options?: O): Promise<PostResult<O>> {
    return this.#life.need('post').client.post(on, inputs, options)
  }

  /** As `post`, one response after the other as they come. */
  stream(on: string, inputs?: Inputs, options?: StreamOptions): AsyncIterable<Response> {
    return this.#life.need('stream').client.stream(on, inputs, options)
  }

  /** One document to an endpoint whose handler is a generator; documents as it gives them. */
  streamDoc(on: string, document: Input, options?: SendOptions): AsyncIterable<Document> {
    return this.#life.need('streamDoc').client.streamDoc(on, document, options)
  }

  /**
   * Another number of replicas for a stage: for each of its shards, or for one of them. On a running Flow pods are started (and admitted once they have answered a
   * real call) or drained and closed, while requests go on; otherwise the plan changes. Resolves with what happened: of
   * calls that wait for each other the last one wins, and cancels starts that it does not need.
   *
   * A stage that scales by itself takes a number between its `min` and `max`, and goes on from there.
   *
   * @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED; START_FAILED, START_TIMEOUT or WORKSPACE_CONFLICT when a new replica does not start: then
   * the old ones stay as they were.
   */
  async scale(name: Stages, request: ScaleRequest): Promise<Scaled> {
    const stage = stageNamed(this.#plan, name)
    checkScale(stage, request)
    const { replicas, shard } = request
    if (shard !== undefined) return this.#life.need('scale() of one shard').scale(name, request)
    const { running } = this.#life
    if (running === null) {
      this.#plan = setReplicas(this.#plan, name, replicas)
      return { from: stage.replicas, to: replicas, seconds: 0 }
    }
    const scaled = await running.scale(name, request)
    this.#plan = setReplicas(this.#plan, name, scaled.to)
    return scaled
  }

  /**
   * Other constructor options for the Executor of a stage. On a running Flow its replicas are replaced one by one, each
   * by a new one that has answered a real call, so that there are never fewer; otherwise the plan changes.
   *
   * When a new replica does not start, those that were replaced before it are set back, and the failure is thrown.
   *
   * @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED, START_TIMEOUT, WORKSPACE_CONFLICT
   */
  async rollingUpdate(
    name: Stages,
    { usesWith }: { readonly usesWith: Readonly<Record<string, unknown>> },
  ): Promise<RolledOut> {
    stageNamed(this.#plan, name)
    const plan = setUsesWith(this.#plan, name, usesWith)
    const { running } = this.#life
    if (running === null) {
      this.#plan = plan
      return { replaced: 0, seconds: 0 }
    }
    const rolled = await running.rollingUpdate(name, usesWith)
    this.#plan = setUsesWith(this.#plan, name, usesWith)
    return rolled
  }

  /**
   * Replicas of a stage, of each of its shards; one that died and is being replaced counts. Of a Flow that does not run, as many as it would
   * start. @throws NOT_FOUND
   */
  replicas(name: Stages): number {
    const { replicas } = stageNamed(this.#plan, name)
    return this.#life.running?.replicasOf(name) ?? replicas
  }

  /** How every stage and every replica stands at the moment. @throws NOT_STARTED */
  async status(): Promise<FlowStatus> {
    return this.#life.need('status()').status()
  }

  /** True when a request through every stage succeeds. */
  async isReady(): Promise<boolean> {
    return (await this.#life.running?.client.isReady()) ?? false
  }

  /**
   * Writes the Flow as objects of Kubernetes: a folder for each stage, and `kustomization.yaml`. Gives the files' paths.
   *
   * @throws INVALID_OPTION, INVALID_NAME, UNSUPPORTED for a stage that cannot run there, and why
   */
  async toKubernetes(folder: string, options: OptionsOf<'kubernetes'> = {}): Promise<readonly string[]> {
    const { renderExport, writeFiles } = await import('../export/index.js')
    return writeFiles(folder, await renderExport('kubernetes', this.#plan, options))
  }

  /**
   * Writes the Flow as a file of Docker Compose, and beside it the folder `millrace` with what its containers mount. Gives the
   * files' paths. @throws as `toKubernetes`
   */
  async toDockerCompose(file: string, options: OptionsOf<'docker-compose'> = {}): Promise<readonly string[]> {
    const { renderExport, writeAround } = await import('../export/index.js')
    return writeAround(file, await renderExport('docker-compose', this.#plan, options))
  }

  /** Writes a picture of the Flow in the language of Mermaid. Gives the file's path. */
  async toFlowchart(file: string, options: OptionsOf<'flowchart'> = {}): Promise<readonly string[]> {
    const { renderExport, writeAround } = await import('../export/index.js')
    return writeAround(file, await renderExport('flowchart', this.#plan, options))
  }

  /**
   * Refuses new requests, finishes those under way, at most `graceMs`, and ends every pod. A Flow on Docker or Kubernetes goes
   * on, unless `remove` is true. Idempotent.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    await this.#life.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #openHere(options: object): Promise<Opened> {
    resolveOptions({ on: oneOf(['localhost'], 'localhost') }, options, 'start()')
    // the running parts are loaded here and not on top, so that a pod that imports `millrace` stays small
    const { startHere } = await import('./life.js')
    const running = await startHere(this.#plan, reachable(this.host))
    // not awaited: nobody who starts a Flow needs it
    const control = this.#openControl()
    const forgetInterrupt = onInterrupt(() => this.close())
    notePods(this, () => running.pods())
    const forget = (): void => {
      forgetInterrupt()
      notePods(this, null)
    }
    return { running, control, forget }
  }

  async #openAway(options: StartOptions & { readonly on: PlatformName }): Promise<Opened> {
    const { startAway } = await import('./life.js')
    return { running: await startAway(this.#plan, options), ...unattended }
  }

  async #openControl(): Promise<ControlServer | null> {
    if (!this.#plan.settings.control) return null
    const { openControl } = await import('../control/open.js')
    const flow = {
      status: () => this.status(),
      // a Flow that is closing would take it as a change of its plan
      scale: async (name: string, options: ScaleRequest) =>
        this.#life.need('scale()') && this.scale(name as Stages, options),
      rollingUpdate: async (name: string, options: { readonly usesWith: StagePlan['usesWith'] }) =>
        this.#life.need('rollingUpdate()') && this.rollingUpdate(name as Stages, options),
    }
    return openControl(flow, this.#plan.settings.name)
  }
}

/** It goes on without this program, and other programs ask the platform. */
const unattended: Pick<Opened, 'control' | 'forget'> = { control: Promise.resolve(null), forget: () => {} }

/** An address to dial where the gateway listens on all of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '[::1]' : host
}

function isHere(options: StartOptions): options is Extract<StartOptions, { on?: 'localhost' }> {
  return options.on === undefined || options.on === 'localhost'
}
