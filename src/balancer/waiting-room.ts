/**
 * The queue of requests that wait for a replica with capacity.
 *
 * 1. Bounded by requests and bytes. When it is full a request is refused, unless its sender is patient: the newest request of
 *    the sender with the most requests, so that a sender that fills the queue does not shut others out.
 * 2. Bounded in time: a burst may wait for as long as it takes. Once the queue has not been empty for a while, only requests
 *    whose turn comes within `maxWaitMs` are admitted; otherwise all would time out under lasting overload.
 * 3. A request is in the queue until it is started, refused or cancelled; it leaves the queue once.
 * 4. Starting is synchronous, so that the next request sees the remaining capacity.
 */
import type { Call, Sender } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { anonymousSender } from '../call/scope.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Endpoint } from './endpoints.js'
import { FairQueue, type Waiting } from './fair-queue.js'
import type { Loss } from './losses.js'
import { noReplica, queueFull, queueSlow } from './refusals.js'

/** The tries of one request; shared by all of them. */
export interface Itinerary {
  /** Replicas that have had the request, in order. */
  readonly tried: Endpoint[]
  /** Number of tries so far; only counted if the request is observed. */
  tries?: number
  /** It changes state: a probing replica gets it only after reads alone have not proven the replica for a while. */
  readonly write: boolean
  /** Replicas that were lost while the request was in flight there, in order; undefined while there are none. */
  losses?: Loss[]
}

/** Whether a stage without a replica will get one, and if not, why. */
export interface Expectation {
  readonly expecting: boolean
  readonly why: string
}

export interface WaitingRoomOptions {
  readonly stage: string
  readonly maxRequests: number
  readonly maxBytes: number
  /** Milliseconds that a request may wait in a queue that has not been empty for a while. */
  readonly maxWaitMs: number
  readonly clock: Clock
  /** A replica that has room for this request now. */
  pick(itinerary: Itinerary): Endpoint | undefined
  /** Whether there is a replica that may be picked, with room or not. */
  isUsable(): boolean
  /** Whether any replica has room. */
  hasCapacity(): boolean
  /** Names or addresses of all replicas, for messages. */
  labels(): readonly string[]
  /** Estimated wait in milliseconds of a request with `depth` others before it. */
  estimate(depth: number): number
  /** A request waits, and there is no replica. */
  onDemand(): void
  onRefused(): void
}

interface Queued extends Waiting, AbortListener {
  readonly itinerary: Itinerary
  start(endpoint: Endpoint): void
  refuse(error: MillraceError): void
}

/** A request to enqueue; its `bytes` stay in memory while it waits. */
export interface Visitor {
  readonly call: Call
  readonly itinerary: Itinerary
  readonly bytes: number
}

/** A queue that has been non-empty for less than this counts as a burst. */
const burstMs = 5000

export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #queue = new FairQueue<Queued>()
  /** When the queue was last empty. */
  #emptyAt = 0
  #expectation: Expectation = { expecting: false, why: '' }
  #serving = false

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#queue.length
  }

  /** Requests that would be served before a new one of `sender`. */
  ahead(sender: Sender): number {
    return this.#queue.length === 0 ? 0 : this.#queue.ahead(sender)
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  expect(expectation: Expectation): void {
    this.#expectation = expectation
    this.serve()
  }

  /** Runs `start` when a replica has capacity. Rejects when the request is refused, or with the reason when it is cancelled. */
  wait<T>({ call, itinerary, bytes }: Visitor, start: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const { aborted, sender = anonymousSender } = call
    const refusal = this.#refusal(sender, bytes)
    if (refusal !== undefined) {
      this.#options.onRefused()
      call.observation?.event({ name: 'replica.refused', code: refusal.code })
      return Promise.reject(refusal)
    }
    if (aborted !== undefined) return Promise.reject(aborted)
    return new Promise((resolve, reject) => {
      const queued: Queued = {
        itinerary,
        sender,
        bytes,
        start(endpoint) {
          call.offAbort(queued)
          resolve(start(endpoint))
        },
        refuse: (error) => {
          call.offAbort(queued)
          this.#options.onRefused()
          call.observation?.event({ name: 'replica.refused', code: error.code })
          reject(error)
        },
        abort: (reason) => {
          if (this.#queue.remove(queued)) reject(reason)
        },
      }
      call.onAbort(queued)
      if (this.#queue.length === 0) this.#emptyAt = this.#options.clock.monotonic()
      call.observation?.event({ name: 'replica.queued', waiting: this.#queue.length })
      this.#queue.push(queued)
      if (!this.#options.isUsable() && this.#options.labels().length === 0) this.#options.onDemand()
    })
  }

  /** Starts as many requests as replicas have capacity for; refuses all when no replica will come. */
  serve(): void {
    if (this.#serving || this.#queue.length === 0) return
    this.#serving = true
    while (this.#options.hasCapacity() && this.#queue.serveNext((waiting) => this.#start(waiting)));
    this.#serving = false
    if (this.#queue.length === 0 || this.#expectation.expecting || this.#options.isUsable()) return
    for (const waiting of this.#queue.clear()) waiting.refuse(this.noReplica())
  }

  #start(waiting: Queued): boolean {
    const endpoint = this.#options.pick(waiting.itinerary)
    if (endpoint === undefined) return false
    waiting.start(endpoint)
    if (this.#queue.length > 1) endpoint.channel.askForMore?.()
    return true
  }

  #refusal(sender: Sender, bytes: number): MillraceError | undefined {
    const { stage, maxRequests, maxBytes, maxWaitMs, clock, estimate } = this.#options
    if (this.isHopeless) return this.noReplica()
    if (sender.patient) return undefined
    const { length } = this.#queue
    if (length > 0 && clock.monotonic() - this.#emptyAt > burstMs) {
      const waitMs = estimate(this.#queue.ahead(sender))
      if (waitMs > maxWaitMs) return queueSlow(stage, waitMs, maxWaitMs)
    }
    if (length >= maxRequests && !this.#evict(sender, 'requests', bytes)) return this.#full(bytes)
    while (this.#queue.length > 0 && this.#queue.bytes + bytes > maxBytes) {
      if (!this.#evict(sender, 'bytes', bytes)) return this.#full(bytes)
    }
    return undefined
  }

  /** Refuses a request of a sender that has more requests in the queue. */
  #evict(sender: Sender, by: 'requests' | 'bytes', bytes: number): boolean {
    const evicted = this.#queue.evict(sender, by, bytes)
    evicted?.refuse(this.#full(bytes))
    return evicted !== undefined
  }

  #full(bytes: number): MillraceError {
    const { stage, maxRequests, estimate } = this.#options
    const { length, bytes: waiting } = this.#queue
    const what =
      length >= maxRequests
        ? `${length} requests wait`
        : `${waiting} bytes wait, and this request has ${bytes}`
    return queueFull(stage, what, Math.max(10, estimate(length) / 2))
  }

  /** Whether there is no replica and none is expected. */
  get isHopeless(): boolean {
    return !this.#expectation.expecting && !this.#options.isUsable()
  }

  /** The error for a request that finds no replica. */
  noReplica(): MillraceError {
    return noReplica(this.#options.stage, this.#options.labels(), this.#expectation.why)
  }
}
