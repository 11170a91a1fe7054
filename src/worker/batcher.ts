import type { Call } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { type Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { failed, unchanged } from '../executor/answers.js'
import type { Batching } from '../executor/batching.js'
import { invoke, type Target } from '../executor/invoke.js'
import { invokeBatch } from '../executor/invoke-batch.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'
import { BatchQueue, type Part, type Queued } from './batch-queue.js'
import { type Lane, turnOfTheLoop } from './lane.js'
import { Linger } from './linger.js'

export interface BatcherOptions {
  readonly batching: Batching
  readonly lane: Lane
  /** Batches of this endpoint that may run at the same time. Default 1. */
  readonly concurrency?: number
  readonly clock?: Clock
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
  /** When its first batch began; undefined before, or when the call is not observed. */
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
}

/** A new request counts for this much of the average number of documents. */
const newness = 0.1

/**
 * Joins the requests for one endpoint of a replica.
 *
 * 1. A batch has at most `size` documents, all with the same parameters; a larger request is divided among several.
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
  readonly #queue: BatchQueue<Entry>
  /** Batches that run or wait for their turn in the lane. */
  #running = 0
  #docsPerRequest = 1
  #isFlushing = false
  readonly #linger: Linger

  constructor(target: Target, { batching, lane, ...options }: BatcherOptions) {
    const { concurrency = 1, clock = systemClock, yieldToLoop = turnOfTheLoop } = options
    this.#target = target
    this.#batching = batching
    this.#lane = lane
    this.#concurrency = concurrency
    this.#clock = clock
    const { size, timeoutMs } = batching
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
    return Math.ceil((this.#batching.size * batches) / this.#docsPerRequest)
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
    this.#docsPerRequest += (docs.length - this.#docsPerRequest) * newness
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...{ request, call, docs, resolve, reject },
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

  #read(request: DataRequest): readonly Document[] | undefined {
    try {
      return [...request.docs]
    } catch {
      return undefined
    }
  }

  /** Starts as many batches as may run. */
  #start(): void {
    while (this.#running < this.#concurrency && this.#mayTake(this.#running)) {
      this.#running++
      let answered = 0
      let tookMs = 0
      const run = async (): Promise<void> => {
        const parts = this.#take()
        const began = this.#clock.monotonic()
        if (parts.length > 0) await this.#run(parts)
        answered = parts.filter(({ entry }) => entry.isSettled).length
        tookMs = this.#clock.monotonic() - began
      }
      const ended = (): void => {
        this.#running--
        if (this.#running === 0 && this.#batching.idle === 'flush')
          this.#linger.begin({ answered, tookMs, mostMs: this.#batching.timeoutMs })
        this.#start()
      }
      this.#lane.runBatch(run).then(ended, ended)
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
  #take(): Part<Entry>[] {
    for (;;) {
      // this batch is among the running ones already
      const taken = this.#queue.take({ any: this.#takesAny(this.#running - 1) })
      const parts = taken.filter(({ entry }) => !this.#refuseExpired(entry))
      if (parts.length > 0 || taken.length === 0) {
        if (parts.length > 0) this.#linger.stop()
        return parts
      }
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

  async #run(parts: readonly Part<Entry>[]): Promise<void> {
    const deadline = parts.reduce((latest, { entry }) => Math.max(latest, entry.call.deadline), 0)
    const batch: Batch = { call: new Scope(deadline, {}), live: parts.length }
    for (const { entry } of parts) {
      entry.batches.add(batch)
      if (entry.call.observation !== undefined) this.#observe(entry, parts)
    }
    await this.#attempt(parts, batch.call)
    for (const { entry } of parts) entry.batches.delete(batch)
  }

  #observe(entry: Entry, parts: readonly Part<Entry>[]): void {
    const { observation } = entry.call
    if (entry.began === undefined) {
      entry.began = this.#clock.monotonic()
      observation?.event({ name: 'worker.started', queueMs: entry.began - entry.arrived })
    }
    const documents = parts.reduce((sum, { docs }) => sum + docs.length, 0)
    observation?.event({ name: 'batch.started', documents, requests: parts.length })
  }

  #finished({ call, began }: Entry, isFailure: boolean): void {
    if (began === undefined) return
    const handlerMs = this.#clock.monotonic() - began
    call.observation?.event({ name: 'worker.finished', handlerMs, isFailure })
  }

  /** Runs what is left of a batch, or of a half of it. */
  async #attempt(all: readonly Part<Entry>[], call: Call): Promise<void> {
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
      if (parts.length > 1 && this.#isolates(error) && call.aborted === undefined) {
        const half = Math.ceil(parts.length / 2)
        await this.#attempt(parts.slice(0, half), call)
        return this.#attempt(parts.slice(half), call)
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
    answer.docs = new DocumentArray(entry.results)
    entry.resolve(answer)
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
