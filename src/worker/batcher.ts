import type { Call } from '../call/call.js'
import type { Observation, Outcome } from '../call/observation.js'
import { Scope } from '../call/scope.js'
import { type Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { failed, unchanged } from '../executor/answers.js'
import type { Batching } from '../executor/batching.js'
import { receivedDocs } from '../executor/documents.js'
import { answerInPlace, answerWith, invoke, type Target } from '../executor/invoke.js'
import { invokeBatch } from '../executor/invoke-batch.js'
import { checkInput } from '../executor/typed-request.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { show } from '../lib/show.js'
import type { DataRequest } from '../wire/data-request.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import { BatchMeter } from './batch-meter.js'
import { BatchQueue, type Part, type Queued } from './batch-queue.js'
import { AdaptiveSize, type BatchSize, fixedSize } from './batch-size.js'
import { type Lane, turnOfTheLoop } from './lane.js'
import { Linger } from './linger.js'
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

/** A request from its arrival to its answer. */
interface Entry extends Queued {
  /** By position; holes are documents that are not done. */
  readonly results: Document[]
  /** How many documents are done. */
  done: number
  isSettled: boolean
  /** When its first batch began; undefined before. */
  began: number | undefined
  readonly batches: Set<Batch>
  resolve(answer: DataRequest): void
  reject(reason: unknown): void
}

/** A batch while it runs. */
interface Batch {
  readonly call: Scope
  /** Requests that are still there. */
  live: number
  /** The handler threw, or all requests have left: its time says nothing about its size. */
  hasFailed: boolean
  /** What the handler threw first. */
  error: unknown
}

/** A batch that is about to run. */
interface Taken {
  readonly parts: readonly Part<Entry>[]
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
 * 2. Each request gets exactly its own documents, in their order, as soon as the last of them is done.
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
  readonly #times: BatchTimes | undefined
  readonly #queue: BatchQueue<Entry>
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
    this.#times = options.times
    const { size: most, timeoutMs, adaptive = false } = batching
    this.#size = adaptive === false ? fixedSize(most) : new AdaptiveSize({ ...adaptive, most })
    const size = this.#size.current
    this.#queue = new BatchQueue({ size, timeoutMs, clock, onDue: () => this.#start() })
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
      weights = this.#weigh(docs)
    } catch (error) {
      this.#lane.release()
      return Promise.resolve(failed(request, error, { ...this.#target, call }))
    }
    const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? docs.length
    this.#weightPerRequest += (total - this.#weightPerRequest) * newness
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...{ request, call, docs, weights, resolve, reject },
        ...{ arrived: this.#clock.monotonic(), taken: 0, results: [], done: 0 },
        ...{ isSettled: false, began: undefined, batches: new Set() },
        abort: (reason) => {
          this.#settle(entry, reason)
          reject(reason)
        },
      }
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

  #weigh(docs: readonly Document[]): readonly number[] | undefined {
    const { weight } = this.#batching
    return weight && docs.map((document) => checkedWeight(weight(document)))
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
        const { hasFailed } = await this.#run(parts)
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
      const parts = taken.parts.filter(({ entry }) => !this.#refuseExpired(entry))
      if (parts.length === 0 && taken.parts.length > 0) continue
      if (parts.length === 0) return { parts, ended: () => {} }
      this.#linger.stop()
      return { parts, ended: this.#size.begin(taken.isFull && parts.length === taken.parts.length) }
    }
  }

  #refuseExpired(entry: Entry): boolean {
    if (entry.call.deadline > this.#clock.now()) return false
    const notRun = entry.done === 0
    this.#settle(entry)
    entry.reject(
      new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed while the request waited for a batch.', {
        notRun,
      }),
    )
    return true
  }

  async #run(parts: readonly Part<Entry>[]): Promise<Batch> {
    const deadline = parts.reduce((latest, { entry }) => Math.max(latest, entry.call.deadline), 0)
    const documents = parts.reduce((sum, { docs }) => sum + docs.length, 0)
    const span = spanOf(parts, documents)
    const batch: Batch = {
      call: new Scope(deadline, {}),
      live: parts.length,
      hasFailed: false,
      error: undefined,
    }
    batch.call.observation = span
    this.#meter.began(documents)
    for (const { entry } of parts) {
      entry.batches.add(batch)
      this.#began(entry)
      entry.call.observation?.event({ name: 'batch.started', documents, requests: parts.length })
    }
    const began = this.#clock.monotonic()
    await this.#attempt(parts, batch)
    span?.end(outcomeOf(batch, parts))
    this.#times?.ran({ documents, requests: parts.length, ms: this.#clock.monotonic() - began })
    for (const { entry } of parts) entry.batches.delete(batch)
    if (batch.call.aborted !== undefined) batch.hasFailed = true
    return batch
  }

  /** The first documents of a request begin to run. */
  #began(entry: Entry): void {
    if (entry.began !== undefined) return
    entry.began = this.#clock.monotonic()
    const queueMs = entry.began - entry.arrived
    this.#meter.waited(queueMs)
    this.#times?.waited(queueMs)
    entry.call.observation?.event({ name: 'worker.started', queueMs })
  }

  #finished({ call, began }: Entry, isFailure: boolean): void {
    if (began === undefined || call.observation === undefined) return
    const handlerMs = this.#clock.monotonic() - began
    call.observation.event({ name: 'worker.finished', handlerMs, isFailure })
  }

  /** Runs what is left of a batch, or of a half of it. */
  async #attempt(all: readonly Part<Entry>[], batch: Batch): Promise<void> {
    const { call } = batch
    const parts = all.filter(({ entry }) => !entry.isSettled)
    const [first] = parts
    if (first === undefined) return
    const docs = parts.flatMap((part) => part.docs)
    const { request } = first.entry
    const head = {
      requestId: request.requestId,
      endpoint: request.endpoint,
      readParameters: () => request.readParameters(),
      routes: [],
      parts: [],
    }
    let result: DocumentArray
    try {
      result = await invokeBatch(this.#target, { docs, head, call })
    } catch (error) {
      batch.hasFailed = true
      batch.error ??= error
      if (parts.length > 1 && this.#isolates(error) && call.aborted === undefined) {
        const half = Math.ceil(parts.length / 2)
        await this.#attempt(parts.slice(0, half), batch)
        return this.#attempt(parts.slice(half), batch)
      }
      for (const { entry } of parts) this.#fail(entry, error)
      return
    }
    let position = 0
    for (const { entry, start, docs: own } of parts) {
      for (let index = 0; index < own.length; index++) entry.results[start + index] = result.at(position++)!
      entry.done += own.length
      if (entry.done === entry.docs.length) this.#answer(entry)
    }
  }

  /** A result that cannot be divided is the fault of the handler and not of a document. */
  #isolates(error: unknown): boolean {
    if (this.#batching.onError !== 'isolate') return false
    return !MillraceError.is(error) || error.code !== 'INVALID_RESULT'
  }

  #answer(entry: Entry): void {
    if (entry.isSettled) return
    this.#settle(entry)
    this.#finished(entry, false)
    const answer = unchanged(entry.request, this.#target.deployment)
    try {
      const isInPlace = entry.results.every((document, index) => document === entry.docs[index])
      const answered = isInPlace ? answerInPlace : answerWith
      entry.resolve(answered(this.#target, answer, new DocumentArray(entry.results)))
    } catch (error) {
      entry.resolve(failed(entry.request, error, { ...this.#target, call: entry.call }))
    }
  }

  #fail(entry: Entry, error: unknown): void {
    if (entry.isSettled) return
    this.#settle(entry)
    this.#finished(entry, true)
    entry.resolve(failed(entry.request, error, { ...this.#target, call: entry.call }))
  }

  /** The request needs nothing any more. `reason` is why its call was aborted. */
  #settle(entry: Entry, reason?: MillraceError): void {
    entry.isSettled = true
    entry.call.offAbort(entry)
    if (entry.taken < entry.docs.length) this.#queue.remove(entry)
    for (const batch of entry.batches) {
      batch.live--
      if (batch.live === 0 && reason !== undefined) batch.call.abort(reason)
    }
    this.#lane.release()
  }
}

/** The span of a batch, below that of its first request that is traced. */
function spanOf(parts: readonly Part<Entry>[], documents: number): Observation | undefined {
  const [first, ...others] = parts.flatMap(({ entry }) => entry.call.observation ?? [])
  return first?.batch?.(documents, others)
}

function outcomeOf({ error }: Batch, parts: readonly Part<Entry>[]): Outcome {
  if (error !== undefined) return { kind: 'failed', error: MillraceError.from(error, 'EXECUTOR_FAILED') }
  return { kind: 'answered', answer: parts[0]!.entry.request }
}

function checkedWeight(weight: unknown): number {
  if (typeof weight === 'number' && weight > 0 && weight < Number.POSITIVE_INFINITY) return weight
  throw new MillraceError(
    'INVALID_RESULT',
    `weight of the batching returned ${show(weight)}; the weight of a document is a number above 0.`,
  )
}
