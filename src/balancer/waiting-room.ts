/**
 * Where requests wait for a replica with room.
 *
 * 1. Bounded by requests and bytes; beyond, a request is refused, unless its sender is slowed down by waiting. It is the
 *    newest of the sender that has most here: who has filled the queue does not shut others out.
 * 2. Bounded in time: a burst may wait for as long as it takes, but once the queue has not been empty for a while, only
 *    requests whose turn comes within `maxWaitMs` are let in. Under lasting overload all would wait in vain else.
 * 3. A request is in the queue until it is started, refused, or its caller leaves; it leaves the queue once.
 * 4. Starting is synchronous, so that the next one in the queue sees the room that is left.
 */
import type { Call, Sender } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { anonymousSender } from '../call/scope.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Endpoint } from './endpoints.js'
import { FairQueue, type Waiting } from './fair-queue.js'
import type { Loss } from './losses.js'
import { nobody, queueFull, queueSlow } from './refusals.js'

/** Where one request was, and what it is: shared by all its tries. */
export interface Itinerary {
  /** Replicas that had it, in order. */
  readonly tried: Endpoint[]
  /** How many tries there were, while somebody observes. */
  tries?: number
  /** It changes state: a replica that is probing gets it only when reads have not shown for a while that it answers. */
  readonly write: boolean
  /** Replicas that were lost while they had it, in order; undefined while there are none. */
  losses?: Loss[]
}

/** Whether a stage without a replica will have one again, and if not, why. */
export interface Outlook {
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
  /** A replica with room for this request, now. */
  pick(itinerary: Itinerary): Endpoint | undefined
  /** Whether there is a replica that may be picked, with room or not. */
  isUsable(): boolean
  /** Whether any replica has room. */
  isRoomy(): boolean
  /** The replicas there are, as messages name them. */
  labels(): readonly string[]
  /** About how long a request waits that finds so many before it, milliseconds. */
  estimate(depth: number): number
  /** Somebody waits, and there is no replica. */
  onDemand(): void
  onRefused(): void
}

interface Queued extends Waiting, AbortListener {
  readonly itinerary: Itinerary
  start(endpoint: Endpoint): void
  refuse(error: MillraceError): void
}

/** What wants a place: with `bytes` that stay in memory meanwhile. */
export interface Visitor {
  readonly call: Call
  readonly itinerary: Itinerary
  readonly bytes: number
}

/** For so long a queue may be a burst that it works off. */
const burstMs = 5000

export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #queue = new FairQueue<Queued>()
  /** When it was empty last. */
  #emptyAt = 0
  #outlook: Outlook = { expecting: false, why: '' }
  #serving = false

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#queue.length
  }

  /** Requests that are served before one that comes now. */
  ahead(sender: Sender): number {
    return this.#queue.length === 0 ? 0 : this.#queue.ahead(sender)
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  expect(outlook: Outlook): void {
    this.#outlook = outlook
    this.serve()
  }

  /** Runs `start` when a replica has room for it. Rejects when it is refused, and with why when the caller leaves. */
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

  /** Starts as many as there is room for; when nobody will come, refuses all. */
  serve(): void {
    if (this.#serving || this.#queue.length === 0) return
    this.#serving = true
    while (this.#options.isRoomy() && this.#queue.serveNext((waiting) => this.#start(waiting)));
    this.#serving = false
    if (this.#queue.length === 0 || this.#outlook.expecting || this.#options.isUsable()) return
    for (const waiting of this.#queue.clear()) waiting.refuse(this.nobody())
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
    if (this.isHopeless) return this.nobody()
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

  /** Refuses a request of somebody who has more here. */
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

  /** Whether there is no replica, and none to come. */
  get isHopeless(): boolean {
    return !this.#outlook.expecting && !this.#options.isUsable()
  }

  /** Why a request that finds no replica is refused. */
  nobody(): MillraceError {
    return nobody(this.#options.stage, this.#options.labels(), this.#outlook.why)
  }
}
