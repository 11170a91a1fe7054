/**
 * Where requests wait for a replica with room.
 *
 * 1. Bounded by requests and bytes; beyond, a request is refused, unless its sender is slowed down by waiting.
 * 2. A request is in the line until it is started, refused, or its caller leaves; it leaves the line once.
 * 3. Starting is synchronous, so that the next one in line sees the room that is left.
 */
import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { somebody } from '../call/scope.js'
import type { MillraceError } from '../errors.js'
import type { Endpoint } from './endpoints.js'
import { Line, type Waiting } from './line.js'
import { nobody, queueFull } from './refusals.js'

/** Where one request was, and what it is: shared by all its tries. */
export interface Itinerary {
  /** Replicas that had it, in order. */
  readonly tried: Endpoint[]
  /** How many tries there were, while somebody observes. */
  tries?: number
  /** It changes state, so a replica on probation is not for it. */
  readonly write: boolean
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
  /** A replica with room for this request, now. */
  pick(itinerary: Itinerary): Endpoint | undefined
  /** Whether there is a replica that may be picked, with room or not. */
  isUsable(): boolean
  /** The replicas there are, as messages name them. */
  labels(): readonly string[]
  /** About how long a request waits that finds so many before it, milliseconds. */
  estimate(depth: number): number
  /** Somebody waits, and there is no replica. */
  onDemand(): void
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

export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #line = new Line<Queued>()
  #outlook: Outlook = { expecting: false, why: '' }
  #serving = false

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#line.length
  }

  get bytes(): number {
    return this.#line.bytes
  }

  expect(outlook: Outlook): void {
    this.#outlook = outlook
    this.serve()
  }

  /** Runs `start` when a replica has room for it. Rejects when it is refused, and with why when the caller leaves. */
  wait<T>({ call, itinerary, bytes }: Visitor, start: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const { aborted, sender = somebody } = call
    const refusal = this.#refusal(sender.patient, bytes)
    if (refusal !== undefined) {
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
        refuse(error) {
          call.offAbort(queued)
          call.observation?.event({ name: 'replica.refused', code: error.code })
          reject(error)
        },
        abort: (reason) => {
          if (this.#line.remove(queued)) reject(reason)
        },
      }
      call.onAbort(queued)
      call.observation?.event({ name: 'replica.queued', waiting: this.#line.length })
      this.#line.push(queued)
      if (!this.#options.isUsable() && this.#options.labels().length === 0) this.#options.onDemand()
    })
  }

  /** Starts as many as there is room for; when nobody will come, refuses all. */
  serve(): void {
    if (this.#serving || this.#line.length === 0) return
    this.#serving = true
    while (this.#line.serveNext((waiting) => this.#start(waiting)));
    this.#serving = false
    if (this.#line.length === 0 || this.#outlook.expecting || this.#options.isUsable()) return
    for (const waiting of this.#line.clear()) waiting.refuse(this.nobody())
  }

  #start(waiting: Queued): boolean {
    const endpoint = this.#options.pick(waiting.itinerary)
    if (endpoint === undefined) return false
    waiting.start(endpoint)
    return true
  }

  #refusal(patient: boolean, bytes: number): MillraceError | undefined {
    const { stage, maxRequests, maxBytes, estimate, isUsable } = this.#options
    if (!this.#outlook.expecting && !isUsable()) return this.nobody()
    if (patient) return undefined
    const { length, bytes: waiting } = this.#line
    const hint = Math.max(10, estimate(length) / 2)
    if (length >= maxRequests) return queueFull(stage, `${length} requests wait`, hint)
    if (length > 0 && waiting + bytes > maxBytes)
      return queueFull(stage, `${waiting} bytes wait, and this request has ${bytes}`, hint)
    return undefined
  }

  /** Why a request that finds no replica is refused. */
  nobody(): MillraceError {
    return nobody(this.#options.stage, this.#options.labels(), this.#outlook.why)
  }
}
