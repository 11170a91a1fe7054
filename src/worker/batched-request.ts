import type { Call } from '../call/call.js'
import type { Scope } from '../call/scope.js'
import { type Document, DocumentArray } from '../document/index.js'
import type { MillraceError } from '../errors.js'
import { failed, unchanged } from '../executor/answers.js'
import { answerInPlace, answerWith, type Target } from '../executor/invoke.js'
import type { Clock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'
import type { BatchMeter } from './batch-meter.js'
import type { BatchQueue, Queued } from './batch-queue.js'
import type { Lane } from './lane.js'
import { expiredInBatch } from './refusals.js'
import type { BatchTimes } from './worker-meter.js'

/** What the requests of one batcher share. */
export interface BatcherParts {
  readonly target: Target
  readonly lane: Lane
  readonly queue: BatchQueue<BatchedRequest>
  readonly clock: Clock
  readonly meter: BatchMeter
  /** Undefined: its batches are reported nowhere. */
  readonly times: BatchTimes | undefined
}

/** A batch while it runs, for its requests. */
export interface JoinedCall {
  readonly call: Scope
  /** Requests that are still there. */
  live: number
}

/** A request that arrives at a batcher. */
export interface Arrival {
  readonly request: DataRequest
  readonly call: Call
  readonly docs: readonly Document[]
  readonly weights: readonly number[] | undefined
  resolve(answer: DataRequest): void
  reject(reason: unknown): void
}

/**
 * A request in a batcher, from its arrival to its answer.
 *
 * 1. It is settled once: answered when the last of its documents is done, failed with a batch, refused because it has expired,
 *    or aborted by its call. Then it leaves the queue and its batches, and releases its room in the lane.
 * 2. A batch that all its requests have left because they were aborted is aborted with the last of them.
 */
export class BatchedRequest implements Queued {
  readonly request: DataRequest
  readonly call: Call
  readonly docs: readonly Document[]
  readonly weights: readonly number[] | undefined
  readonly arrived: number
  taken = 0
  /** By position; holes are documents that are not done. */
  readonly results: Document[] = []
  isSettled = false
  readonly #parts: BatcherParts
  readonly #arrival: Arrival
  /** How many documents are done. */
  #done = 0
  /** When its first batch began; undefined before. */
  #began: number | undefined
  readonly #batches = new Set<JoinedCall>()

  constructor(arrival: Arrival, parts: BatcherParts) {
    this.request = arrival.request
    this.call = arrival.call
    this.docs = arrival.docs
    this.weights = arrival.weights
    this.arrived = parts.clock.monotonic()
    this.#parts = parts
    this.#arrival = arrival
  }

  /** Some of its documents begin to run. */
  join(batch: JoinedCall): void {
    this.#batches.add(batch)
    if (this.#began !== undefined) return
    const { clock, meter, times } = this.#parts
    this.#began = clock.monotonic()
    const queueMs = this.#began - this.arrived
    meter.waited(queueMs)
    times?.waited(queueMs)
    this.call.observation?.event({ name: 'worker.started', queueMs })
  }

  leave(batch: JoinedCall): void {
    this.#batches.delete(batch)
  }

  /** `results` has the results of `count` more documents. Answers the request when these were the last. */
  progressed(count: number): void {
    this.#done += count
    if (this.#done === this.docs.length) this.#answer()
  }

  /** Answers it with what the handler threw. */
  fail(error: unknown): void {
    if (this.isSettled) return
    this.#settle()
    this.#finished(true)
    this.#arrival.resolve(this.#failed(error))
  }

  /** Rejects it if its deadline has passed, and returns whether it has. */
  refuseExpired(): boolean {
    if (this.call.deadline > this.#parts.clock.now()) return false
    const notRun = this.#done === 0
    this.#settle()
    this.#arrival.reject(expiredInBatch(notRun))
    return true
  }

  abort(reason: MillraceError): void {
    this.#settle(reason)
    this.#arrival.reject(reason)
  }

  #answer(): void {
    if (this.isSettled) return
    this.#settle()
    this.#finished(false)
    const { target } = this.#parts
    const answer = unchanged(this.request, target.deployment)
    try {
      const isInPlace = this.results.every((document, index) => document === this.docs[index])
      const answered = isInPlace ? answerInPlace : answerWith
      this.#arrival.resolve(answered(target, answer, new DocumentArray(this.results)))
    } catch (error) {
      this.#arrival.resolve(this.#failed(error))
    }
  }

  #failed(error: unknown): DataRequest {
    return failed(this.request, error, { ...this.#parts.target, call: this.call })
  }

  #finished(isFailure: boolean): void {
    const { observation } = this.call
    if (this.#began === undefined || observation === undefined) return
    const handlerMs = this.#parts.clock.monotonic() - this.#began
    observation.event({ name: 'worker.finished', handlerMs, isFailure })
  }

  /** The request needs nothing any more. `reason` is why its call was aborted. */
  #settle(reason?: MillraceError): void {
    this.isSettled = true
    this.call.offAbort(this)
    if (this.taken < this.docs.length) this.#parts.queue.remove(this)
    for (const batch of this.#batches) {
      batch.live--
      if (batch.live === 0 && reason !== undefined) batch.call.abort(reason)
    }
    this.#parts.lane.release()
  }
}
