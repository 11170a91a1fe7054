import { randomUUID } from 'node:crypto'
import type { Call, Description, Service } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { spanned } from '../call/spanned.js'
import type { ConcurrencyLimit } from '../call/concurrency-limit.js'
import { MillraceError } from '../errors.js'
import { failed, unchanged } from '../executor/answers.js'
import { defaultEndpoint, dryRunEndpoint, endpointsOf, passThroughEndpoint } from '../executor/endpoints.js'
import type { Endpoint } from '../executor/endpoint.js'
import type { Executor, ExecutorClass } from '../executor/executor.js'
import { invoke, type Target } from '../executor/invoke.js'
import { invokeStream } from '../executor/invoke-stream.js'
import { loadClass } from '../executor/load.js'
import { deferred } from '../lib/deferred.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import { createLogger, type Logger } from '../observe/logger.js'
import { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import type { Metric } from '../observe/metrics/report.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import type { DataRequest } from '../wire/data-request.js'
import type { PodIdentity } from '../wire/identity.js'
import { Batcher } from './batcher.js'
import { constructExecutor, type StartStep, warmUp } from './construct.js'
import { describeExecutor } from './describe.js'
import { Lane, type Pace } from './lane.js'
import { concurrencyLimit } from './concurrency-limit.js'
import type { ExecutorSpec } from './spec.js'
import { timed } from './timed.js'
import type { WorkerTracer } from './tracing/worker-tracer.js'
import type { WorkerMeter } from './worker-meter.js'

/** Serves one executor. */
export interface Worker extends Service {
  /** Requests that run or are queued. */
  readonly inFlight: number
  /** Resolves with the name of an error after which this replica must end (`exitOnExceptions`), else never. */
  readonly gaveUp: Promise<string>
  /** From now on no request waits for a batch to fill: the replica is about to close. */
  flush(): void
  /**
   * Refuses new requests (UNAVAILABLE, which may be sent elsewhere), finishes those it has, then closes the executor.
   * Idempotent; never rejects: an error of the executor's own `close()` is logged.
   */
  close(): Promise<void>
}

export interface WorkerOptions {
  /** The class, if the caller has it; default: loaded as the spec says. */
  readonly executorClass?: ExecutorClass
  /** Called when the start goes on to its next step. */
  readonly onStep?: (step: StartStep) => void
  /** Default: a logger with the name of the pod. */
  readonly logger?: Logger
  /** Its metrics have the memory and CPU of its process too. Default: on the main thread of a process. */
  readonly ownsProcess?: boolean
}

/**
 * Loads, checks and constructs the executor of one replica.
 *
 * Rejects with MODULE_NOT_FOUND, EXPORT_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED, START_FAILED when the constructor
 * throws, or WORKSPACE_CONFLICT when it reads a workspace that is refused.
 */
export async function startWorker(spec: ExecutorSpec, options: WorkerOptions = {}): Promise<Worker> {
  const { onStep = () => {} } = options
  onStep('loading')
  const Class =
    options.executorClass ??
    (await loadClass(spec.module, spec.className, {
      others: spec.otherModules ?? [],
      nativeTypeScript: spec.nativeTypeScript ?? false,
    }))
  const logger = options.logger ?? createLogger(spec.podName)
  const requests = endpointsOf(Class, spec.usesRequests, spec.dynamicBatching)
  onStep('constructing')
  const metrics = new OwnMetrics({ isOn: spec.metrics === true })
  const executor = constructExecutor(Class, spec, { requests, logger, metrics })
  onStep('warming-up')
  await warmUp(executor)
  const meter =
    spec.metrics === true ? await meterOf(spec, { executor, requests, metrics, options }) : undefined
  const tracer = spec.tracing ? await tracerOf(spec, spec.tracing, logger) : undefined
  return new ExecutorWorker(executor, requests, { spec, logger, meter, tracer })
}

interface Tools {
  readonly spec: ExecutorSpec
  readonly logger: Logger
  readonly meter: WorkerMeter | undefined
  readonly tracer: WorkerTracer | undefined
}

/**
 * 1. Handlers are called on this thread, so synchronous ones run one at a time; asynchronous ones interleave, up to
 *    `maxConcurrency` of them.
 * 2. Every accepted request is answered or rejected, also while closing.
 * 3. The executor is closed once, after the last handler has ended.
 */
class ExecutorWorker implements Worker {
  readonly #executor: Executor
  readonly #targets: ReadonlyMap<string, Target>
  readonly #description: Description
  readonly #deployment: string
  readonly #logger: Logger
  readonly #lane: Lane
  /** By endpoint; undefined when no endpoint has batching. */
  readonly #batchers: ReadonlyMap<string, Batcher> | undefined
  readonly concurrency: ConcurrencyLimit
  readonly #passesThrough: boolean
  /** Undefined when nothing is measured. */
  readonly #meter: WorkerMeter | undefined
  /** Undefined when nothing is traced. */
  readonly #tracer: WorkerTracer | undefined
  readonly #gaveUp = deferred<string>()
  #closed: Promise<void> | undefined

  constructor(
    executor: Executor,
    endpoints: ReadonlyMap<string, Endpoint>,
    { spec, logger, meter, tracer }: Tools,
  ) {
    const { podName, deployment } = spec
    this.#executor = executor
    this.#deployment = deployment
    this.#logger = logger
    this.#lane = new Lane({ limit: spec.maxConcurrency, capacity: spec.capacity })
    this.#description = { ...describeExecutor(endpoints, executor), identity: identityOf(spec) }
    const { exitOnExceptions } = spec
    const watching =
      exitOnExceptions.length === 0
        ? {}
        : { onError: (error: unknown) => this.#check(error, exitOnExceptions) }
    const serving = [...endpoints].filter(([, endpoint]) => endpoint !== passThroughEndpoint)
    this.#passesThrough = serving.length < endpoints.size
    this.#targets = new Map(
      serving.map(([path, endpoint]) => [path, { executor, endpoint, podName, deployment, ...watching }]),
    )
    this.#meter = meter
    this.#tracer = tracer
    this.#batchers = batchersOf(this.#targets, this.#lane, { spec, meter })
    const batchers = this.#batchers
    if (batchers !== undefined) this.batches = () => Array.from(batchers.values(), ({ figures }) => figures)
    this.concurrency = concurrencyLimit(this.#lane, () => Math.min(spec.capacity, roomOf(this.#batchers)))
  }

  get gaveUp(): Promise<string> {
    return this.#gaveUp.promise
  }

  get inFlight(): number {
    return this.#lane.inFlight
  }

  /** A function and not a method: a transport calls it detached from the worker. */
  readonly handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    if (this.#closed !== undefined) return Promise.reject(closing())
    try {
      const span = this.#tracer?.request(request, call)
      return span === undefined
        ? this.#run(request, call)
        : spanned(call, span, (below) => this.#run(request, below))
    } catch (error) {
      return Promise.reject(error) // a header that cannot be read; async would cost another turn for each request
    }
  }

  #run(request: DataRequest, call: Call): Promise<DataRequest> {
    try {
      const target = this.#targetOf(request.endpoint)
      const { items } = call
      if (items !== undefined) {
        if (target === undefined) return this.#streamUnserved(request, call, items)
        const { observation } = call
        const stream = (pace: Pace): Promise<DataRequest> =>
          invokeStream(target, request, call, { items, pace })
        const handler = observation === undefined ? stream : timed(observation, stream)
        if (this.#meter === undefined) return this.#lane.runItems(call, handler)
        return this.#meter.measure(target.endpoint.path, request, {
          isTimed: true,
          run: (began) =>
            this.#lane.runItems(call, (pace) => {
              began()
              return handler(pace)
            }),
        })
      }
      if (target === undefined) return Promise.resolve(unchanged(request, this.#deployment))
      if (this.#meter !== undefined) return this.#measured(this.#meter, target, { request, call })
      if (this.#batchers !== undefined) {
        const batcher = this.#batchers.get(target.endpoint.path)
        if (batcher !== undefined) return batcher.run(request, call)
      }
      if (call.observation !== undefined)
        return this.#lane.run(
          call,
          timed(call.observation, () => invoke(target, request, call)),
        )
      return this.#lane.run(call, () => invoke(target, request, call))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  describe(): Description {
    return this.#description
  }

  readonly batches?: () => readonly BatchFigures[]

  async measure(): Promise<readonly Metric[]> {
    return (await this.#meter?.collect(this.inFlight)) ?? []
  }

  flush(): void {
    for (const batcher of this.#batchers?.values() ?? []) batcher.flush()
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  #measured(
    meter: WorkerMeter,
    target: Target,
    { request, call }: { readonly request: DataRequest; readonly call: Call },
  ): Promise<DataRequest> {
    const { path } = target.endpoint
    const batcher = this.#batchers?.get(path)
    if (batcher !== undefined)
      return meter.measure(path, request, { isTimed: false, run: () => batcher.run(request, call) })
    const { observation } = call
    const invoked = (): Promise<DataRequest> => invoke(target, request, call)
    const handler = observation === undefined ? invoked : timed(observation, invoked)
    return this.#lane.run(call, handler, meter.task(path, request))
  }

  /** Undefined for the dry run and for unknown endpoints: those requests are returned as they came. */
  #targetOf(endpoint: string): Target | undefined {
    if (endpoint === dryRunEndpoint) return undefined
    return this.#targets.get(endpoint) ?? this.#targets.get(defaultEndpoint)
  }

  /** Unlike a request, a stream to an unknown endpoint fails, as in Jina (jina.md 2.2). */
  async #streamUnserved(request: DataRequest, call: Call, items: ItemSink): Promise<DataRequest> {
    const { endpoint } = request
    if (endpoint === dryRunEndpoint || this.#passesThrough) {
      const answer = unchanged(request, this.#deployment)
      await items.push(answer)
      return answer.withList([])
    }
    const endpoints = this.#description.endpoints.join(', ')
    const error = new MillraceError(
      'NOT_FOUND',
      `There is no endpoint '${endpoint}' here, only: ${endpoints}.`,
    )
    return failed(request, error, { executor: this.#executor, deployment: this.#deployment, call })
  }

  /** The answer is still to be sent: the owner of `gaveUp` closes this worker, which lets it out. */
  #check(error: unknown, names: readonly string[]): void {
    const fatal = namesOf(error).find((name) => names.includes(name))
    if (fatal === undefined) return
    this.#logger.error(`ended because of ${fatal} (exitOnExceptions)`)
    this.#gaveUp.resolve(fatal)
  }

  async #end(): Promise<void> {
    this.flush()
    await this.#lane.idle()
    this.#meter?.close()
    try {
      await this.#executor.close()
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined
      this.#logger.error(`close() of ${this.#executor.constructor.name} threw ${String(error)}`, { stack })
    }
    await this.#tracer?.close()
  }
}

function batchersOf(
  targets: ReadonlyMap<string, Target>,
  lane: Lane,
  {
    spec,
    meter,
  }: {
    readonly spec: Pick<ExecutorSpec, 'maxConcurrency' | 'allowConcurrent'>
    readonly meter: WorkerMeter | undefined
  },
): ReadonlyMap<string, Batcher> | undefined {
  const batchers = [...targets].flatMap(([path, target]): [string, Batcher][] => {
    const { batching, allowConcurrent } = target.endpoint
    if (batching === null) return []
    const unlimited = allowConcurrent || spec.allowConcurrent === true
    const concurrency = spec.maxConcurrency ?? (unlimited ? Number.POSITIVE_INFINITY : 1)
    return [[path, new Batcher(target, { batching, lane, concurrency, times: meter?.batchTimes(path) })]]
  })
  return batchers.length === 0 ? undefined : new Map(batchers)
}

/** Any of the endpoints may get all the requests. */
function roomOf(batchers: ReadonlyMap<string, Batcher> | undefined): number {
  let most = 0
  for (const { room } of batchers?.values() ?? []) most = Math.max(most, room)
  return most
}

/** Loaded when needed: pods without metrics start sooner and are smaller. */
async function meterOf(
  { deployment: stage, podName: pod }: ExecutorSpec,
  tools: {
    readonly executor: Executor
    readonly requests: ReadonlyMap<string, Endpoint>
    readonly metrics: OwnMetrics
    readonly options: WorkerOptions
  },
): Promise<WorkerMeter> {
  const { executor, requests, metrics: own, options } = tools
  const { WorkerMeter } = await import('./worker-meter.js')
  const { ownsProcess } = options
  return new WorkerMeter({
    of: { stage, pod, executor: executor.metas.name },
    endpoints: requests.values(),
    own,
    ...(ownsProcess !== undefined && { ownsProcess }),
  })
}

/** Loaded when needed, like the meter. */
async function tracerOf(
  { flow, podName: pod }: ExecutorSpec,
  rules: TracingRules,
  logger: Logger,
): Promise<WorkerTracer> {
  const [{ openSpans }, { WorkerTracer }] = await Promise.all([
    import('../observe/tracing/open-spans.js'),
    import('./tracing/worker-tracer.js'),
  ])
  const say = (sentence: string): void => logger.warn(sentence)
  return new WorkerTracer(await openSpans(rules, { names: { flow, pod }, say }), pod)
}

function identityOf({ flow, deployment: stage, shardId: shard, shards }: ExecutorSpec): PodIdentity {
  return { flow, stage, part: { shard, shards }, instance: randomUUID() }
}

/** The name of an error and that of its class, which many classes do not set as the name. */
function namesOf(error: unknown): string[] {
  return error instanceof Error ? [error.name, error.constructor.name] : []
}

function closing(): MillraceError {
  return new MillraceError('UNAVAILABLE', 'This replica is closing and takes no new requests.', {
    notRun: true,
  })
}
