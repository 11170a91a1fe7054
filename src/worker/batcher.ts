import type { Call } from '../call/call.js'
import type { Document } from '../document/index.js'
import { failed } from '../executor/answers.js'
import type { Batching } from '../executor/batching.js'
import { receivedDocs } from '../executor/documents.js'
import { invoke, type Target } from '../executor/invoke.js'
import { checkInput } from '../executor/typed-request.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { DataRequest } from '../wire/data-request.js'
import { BatchMeter } from './batch-meter.js'
import { BatchQueue } from './batch-queue.js'
import { type BatchPart, BatchRunner } from './batch-runner.js'
import { AdaptiveSize, type BatchSize, fixedSize } from './batch-size.js'
import { BatchedRequest, type BatcherParts } from './batched-request.js'
import type { Lane } from './lane.js'
import { Linger } from './linger.js'
import { turnOfTheLoop } from './loop-turns.js'
import { weightsOf } from './weights.js'
import type { BatchTimes } from './worker-meter.js'

export interface BatcherOptions {
  readonly batching: Batching
  readonly lane: Lane
  /** Batches of this endpoint that may run at the same time. Default 1. */
  readonly concurrency?: number
  readonly clock?: Clock
  /** Where its batches are reported; default: nowhere. */
  readonly times?: BatchTimes | undefined
  /** Calls back once the event loop has polled its sockets; default `setImmediate`. */
  readonly yieldToLoop?: (wake: () => void) => void
}

/** A batch that is about to run. */
interface Taken {
  readonly parts: readonly BatchPart[]
  /** Called with the time that it took. */
  ended(ms: number): void
}

/** A new request counts for this much of the average weight. */
const newness = 0.1

/**
 * Joins the requests for one endpoint of a replica.
 *
 * 1. A batch has at most `size` documents, by weight, all with the same parameters; a larger request is divided among several.
 *    With `adaptive` the size of the next batch is that of `AdaptiveSize`.
 * 2. Each request gets exactly its own documents, in their order, as soon as the last of them is done (`batched-request.ts`).
 * 3. A full batch starts as soon as fewer than `concurrency` batches run, and so does one whose oldest request has waited for
 *    `timeoutMs`. With `idle: 'flush'` any batch starts when none runs.
 * 4. After a batch of several requests the next one may wait for their senders (`linger.ts`). A lone sender never waits.
 * 5. A request that is cancelled leaves at once, with its documents that were not taken yet. The signal of a batch aborts when
 *    all its requests have left. A request whose deadline has passed when its batch begins does not run.
 * 6. Requests in batches are counted by the lane, whose capacity bounds them.
 */
export class Batcher {
  readonly #target: Target
  readonly #batching: Batching
  readonly #lane: Lane
  readonly #concurrency: number
  readonly #clock: Clock
  readonly #queue: BatchQueue<BatchedRequest>
  readonly #parts: BatcherParts
  readonly #runner: BatchRunner
  readonly #size: BatchSize
  readonly #meter = new BatchMeter()
  /** Batches that run or wait for their turn in the lane. */
  #running = 0
  /** A batch waits for its turn in the lane; it takes its documents when it begins, so another one may find none. */
  #isQueued = false
  #weightPerRequest = 1
  #isFlushing = false
  readonly #linger: Linger

  constructor(target: Target, { batching, lane, ...options }: BatcherOptions) {
    const { concurrency = 1, clock = systemClock, yieldToLoop = turnOfTheLoop } = options
    this.#target = target
    this.#batching = batching
    this.#lane = lane
    this.#concurrency = concurrency
    this.#clock = clock
    const { size: most, timeoutMs, adaptive = false } = batching
    this.#size = adaptive === false ? fixedSize(most) : new AdaptiveSize({ ...adaptive, most })
    const size = this.#size.current
    this.#queue = new BatchQueue({ size, timeoutMs, clock, onDue: () => this.#start() })
    this.#parts = { target, lane, queue: this.#queue, clock, meter: this.#meter, times: options.times }
    this.#runner = new BatchRunner(this.#parts, batching)
    const queued = (): number => this.#queue.requests
    this.#linger = new Linger({ clock, yieldToLoop, queued, onEnd: () => this.#start() })
  }

  /**
   * How many requests fill the running batches and the next one. `Infinity` with `idle: 'wait'`: groups that wait must not keep
   * out the requests that would fill them.
   */
  get room(): number {
    if (this.#batching.idle === 'wait') return Number.POSITIVE_INFINITY
    const batches = this.#concurrency + 1
    return Math.ceil((this.#size.current * batches) / this.#weightPerRequest)
  }

  /** What was measured so far. */
  get figures(): BatchFigures {
    return this.#meter.figures(this.#target.endpoint.path, this.#size.current)
  }

  /**
   * Resolves with the answer, also when the handler throws. Rejects with the reason for which the call was aborted,
   * DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED when there is no room.
   */
  run(request: DataRequest, call: Call): Promise<DataRequest> {
    const refusal = this.#lane.reserve()
    if (refusal !== undefined) return Promise.reject(refusal)
    const docs = this.#read(request)
    // no documents, or not readable: there is nothing to join
    if (docs === undefined || docs.length === 0) {
      this.#lane.release()
      return this.#lane.run(call, () => invoke(this.#target, request, call))
    }
    let weights: readonly number[] | undefined
    try {
      checkInput(this.#target.endpoint.types, docs)
      weights = weightsOf(docs, this.#batching)
    } catch (error) {
      this.#lane.release()
      return Promise.resolve(failed(request, error, { ...this.#target, call }))
    }
    const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? docs.length
    this.#weightPerRequest += (total - this.#weightPerRequest) * newness
    return new Promise((resolve, reject) => {
      const entry = new BatchedRequest({ request, call, docs, weights, resolve, reject }, this.#parts)
      this.#queue.push(entry)
      this.#linger.arrived()
      call.onAbort(entry)
      this.#start()
    })
  }

  /** From now on no request waits for a batch to fill. */
  flush(): void {
    this.#isFlushing = true
    this.#start()
  }

  #read(request: DataRequest): readonly Document[] | undefined {
    try {
      return [...receivedDocs(request, this.#target.endpoint.types?.input)]
    } catch {
      return undefined
    }
  }

  /** Starts as many batches as may run. */
  #start(): void {
    while (!this.#isQueued && this.#running < this.#concurrency && this.#mayTake(this.#running)) {
      this.#running++
      this.#isQueued = true
      let isAtOnce = true
      let answered = 0
      let tookMs = 0
      const run = async (): Promise<void> => {
        this.#isQueued = false
        if (!isAtOnce) queueMicrotask(() => this.#start()) // it had to wait, and the next one with it
        const { parts, ended } = this.#take()
        if (parts.length === 0) return
        const began = this.#clock.monotonic()
        const { hasFailed } = await this.#runner.run(parts)
        answered = parts.filter(({ entry }) => entry.isSettled).length
        tookMs = this.#clock.monotonic() - began
        if (!hasFailed) ended(tookMs)
        this.#queue.resize(this.#size.current)
      }
      const ended = (): void => {
        this.#running--
        if (this.#running === 0 && this.#batching.idle === 'flush')
          this.#linger.begin({ answered, tookMs, mostMs: this.#batching.timeoutMs })
        this.#start()
      }
      this.#lane.runBatch(run).then(ended, ended)
      isAtOnce = false
    }
  }

  /** Whether a batch may start beside `running` others. */
  #mayTake(running: number): boolean {
    return this.#queue.isReady || (this.#queue.requests > 0 && this.#takesAny(running))
  }

  #takesAny(running: number): boolean {
    if (this.#isFlushing) return true
    return this.#batching.idle === 'flush' && running === 0 && !this.#linger.isOn
  }

  /** The next batch, at the moment at which it begins: without requests that have expired. */
  #take(): Taken {
    for (;;) {
      // this batch is among the running ones already
      const taken = this.#queue.take({ any: this.#takesAny(this.#running - 1) })
      const parts = taken.parts.filter(({ entry }) => !entry.refuseExpired())
      if (parts.length === 0 && taken.parts.length > 0) continue
      if (parts.length === 0) return { parts, ended: () => {} }
      this.#linger.stop()
      return { parts, ended: this.#size.begin(taken.isFull && parts.length === taken.parts.length) }
    }
  }
}
