import { randomUUID } from 'node:crypto'
import type { Call, Description, Service } from '../call/call.js'
import type { ConcurrencyLimit } from '../call/concurrency-limit.js'
import type { ItemSink } from '../call/items.js'
import type { Observation } from '../call/observation.js'
import { openSpan, type SpanCall } from '../call/span-call.js'
import { spanned } from '../call/spanned.js'
import { unchanged } from '../executor/answers.js'
import type { Endpoint } from '../executor/endpoint.js'
import { defaultEndpoint, dryRunEndpoint, passThroughEndpoint } from '../executor/endpoints.js'
import type { Executor } from '../executor/executor.js'
import { invoke, type Target } from '../executor/invoke.js'
import { invokeStream } from '../executor/invoke-stream.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { Logger } from '../observe/logger.js'
import type { Metric } from '../observe/metrics/report.js'
import type { DataRequest } from '../wire/data-request.js'
import type { PodIdentity } from '../wire/identity.js'
import { type Batchers, batchersOf, roomOf } from './batchers.js'
import { concurrencyLimit } from './concurrency-limit.js'
import { describeExecutor } from './describe.js'
import { FatalErrors } from './fatal-errors.js'
import { Lane } from './lane.js'
import type { Pace } from './loop-turns.js'
import { ObservedTask } from './observed-task.js'
import { closing } from './refusals.js'
import type { ExecutorSpec } from './spec.js'
import { timed } from './timed.js'
import type { WorkerTracer } from './tracing/worker-tracer.js'
import { streamUnserved } from './unserved-stream.js'
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

/** What a worker is created with, besides its executor. */
export interface WorkerTools {
  readonly spec: ExecutorSpec
  readonly logger: Logger
  readonly meter: WorkerMeter | undefined
  readonly tracer: WorkerTracer | undefined
}

/**
 * The worker of an executor that was constructed.
 *
 * 1. Handlers are called on this thread, so synchronous ones run one at a time; asynchronous ones interleave, up to
 *    `maxConcurrency` of them.
 * 2. Every accepted request is answered or rejected, also while closing.
 * 3. The executor is closed once, after the last handler has ended.
 */
export class ExecutorWorker implements Worker {
  readonly #executor: Executor
  readonly #targets: ReadonlyMap<string, Target>
  readonly #description: Description
  readonly #deployment: string
  readonly #logger: Logger
  readonly #lane: Lane
  /** By endpoint; undefined when no endpoint has batching. */
  readonly #batchers: Batchers | undefined
  readonly concurrency: ConcurrencyLimit
  readonly #passesThrough: boolean
  /** Undefined when nothing is measured. */
  readonly #meter: WorkerMeter | undefined
  /** Undefined when nothing is traced. */
  readonly #tracer: WorkerTracer | undefined
  readonly #fatal: FatalErrors
  #closed: Promise<void> | undefined

  constructor(
    executor: Executor,
    endpoints: ReadonlyMap<string, Endpoint>,
    { spec, logger, meter, tracer }: WorkerTools,
  ) {
    const { podName, deployment } = spec
    this.#executor = executor
    this.#deployment = deployment
    this.#logger = logger
    this.#lane = new Lane({ limit: spec.maxConcurrency, capacity: spec.capacity })
    this.#description = { ...describeExecutor(endpoints, executor), identity: identityOf(spec) }
    this.#fatal = new FatalErrors({ names: spec.exitOnExceptions, logger })
    const { onError } = this.#fatal
    const watching = onError === undefined ? {} : { onError }
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
    return this.#fatal.first
  }

  get inFlight(): number {
    return this.#lane.inFlight
  }

  /** A function and not a method: a transport calls it detached from the worker. */
  readonly handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    if (this.#closed !== undefined) return Promise.reject(closing())
    try {
      const span = this.#tracer?.request(request, call)
      return span === undefined ? this.#run(request, call) : this.#traced(request, call, span)
    } catch (error) {
      return Promise.reject(error) // a header that cannot be read; async would cost another turn for each request
    }
  }

  #traced(request: DataRequest, call: Call, span: Observation): Promise<DataRequest> {
    const target = call.items === undefined ? this.#targetOf(request.endpoint) : undefined
    if (target === undefined || this.#batchers?.has(target.endpoint.path) === true)
      return spanned(call, span, (below) => this.#run(request, below))
    const below = openSpan(call, span)
    return this.#alone(target, request, below, below)
  }

  #run(request: DataRequest, call: Call): Promise<DataRequest> {
    try {
      const { items } = call
      if (items !== undefined) return this.#stream(items, request, call)
      const target = this.#targetOf(request.endpoint)
      if (target === undefined) return Promise.resolve(unchanged(request, this.#deployment))
      const batcher = this.#batchers?.get(target.endpoint.path)
      if (batcher === undefined) return this.#alone(target, request, call)
      if (this.#meter === undefined) return batcher.run(request, call)
      return this.#meter.measure(target.endpoint.path, request, {
        isTimed: false,
        run: () => batcher.run(request, call),
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Without a batch. `span`: the call, when its span ends here. */
  #alone(target: Target, request: DataRequest, call: Call, span?: SpanCall): Promise<DataRequest> {
    const meter = this.#meter?.task(target.endpoint.path, request)
    const observed = call.observation === undefined ? meter : new ObservedTask(call, span, meter)
    return this.#lane.run(call, () => invoke(target, request, call), observed)
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

  #stream(items: ItemSink, request: DataRequest, call: Call): Promise<DataRequest> {
    const target = this.#targetOf(request.endpoint)
    if (target === undefined) return this.#streamUnserved(items, request, call)
    const { observation } = call
    const stream = (pace: Pace): Promise<DataRequest> => invokeStream(target, request, call, { items, pace })
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

  #streamUnserved(items: ItemSink, request: DataRequest, call: Call): Promise<DataRequest> {
    return streamUnserved(request, {
      call,
      items,
      endpoints: this.#description.endpoints,
      passesThrough: this.#passesThrough,
      executor: this.#executor,
      deployment: this.#deployment,
    })
  }

  /** Undefined for the dry run and for unknown endpoints: those requests are returned as they came. */
  #targetOf(endpoint: string): Target | undefined {
    if (endpoint === dryRunEndpoint) return undefined
    return this.#targets.get(endpoint) ?? this.#targets.get(defaultEndpoint)
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

function identityOf({ flow, deployment: stage, shardId: shard, shards }: ExecutorSpec): PodIdentity {
  return { flow, stage, part: { shard, shards }, instance: randomUUID() }
}
