/**
 * The replicas of one stage: pick one (`picker`), wait when none has room (`waiting-room`), send and account (`hops`).
 *
 * 1. A replica gets at most `perReplica` requests at once, fewer where it announces a limit (`Channel.limit`), one while it
 *    is probing, and none while it is congested; further requests wait.
 * 2. While requests wait, a new one joins the queue instead of overtaking them; the fair queue decides which one is next.
 */
import type { Call } from '../call/call.js'
import { anonymousSender } from '../call/scope.js'
import { openSpan } from '../call/span-call.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'
import type { BreakerRules } from './breaker.js'
import { type Endpoint, type EndpointOptions, Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import { Hops, type HopTimes, type Ticket } from './hops.js'
import type { Departure, Exit } from './exit-tracker.js'
import { Pace } from './pace.js'
import { Patience } from './patience.js'
import { Picker } from './picker.js'
import { createPolicy, type PolicyName } from './policies/index.js'
import type { CreatePolicy } from './policies/policy.js'
import { type PoolCounts, type PoolLoad, poolLoad } from './pool-load.js'
import { Quarantine } from './quarantine.js'
import { tooLate } from './refusals.js'
import { type Itinerary, type Expectation, WaitingRoom } from './waiting-room.js'

export type { Itinerary } from './waiting-room.js'

/** Limits of the queue and of each replica. */
interface Queue {
  readonly maxRequests: number
  readonly maxBytes: number
  /** Milliseconds; see `WaitingRoom`. */
  readonly maxWaitMs: number
  readonly perReplica: number
}

export interface PoolOptions {
  /** Name of the stage, for messages. */
  readonly stage: string
  /** Name of a policy, or a factory for a custom one. */
  readonly policy: PolicyName | CreatePolicy
  readonly queue: Queue
  /**
   * Milliseconds that one replica may take for one request; for a stream, until its first document, and from one document to
   * the next. Null for no limit.
   */
  readonly timeoutSendMs: number | null
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Overrides of the default ejection rules. */
  readonly breaker?: Partial<BreakerRules>
  /**
   * For stages whose replicas are found by discovery: milliseconds that requests wait when there is no replica. Otherwise
   * `expect` decides whether they wait.
   */
  readonly patienceMs?: number
  /** Default: hops are not timed. */
  readonly times?: HopTimes | undefined
  /** A request waits, and there is no replica. */
  onDemand?(): void
  /** The state of a replica has changed. */
  onState?(pod: string, state: HealthState): void
}

/** A request is refused immediately when its estimated latency exceeds this share of its remaining time. */
const safeShare = 0.9

export class Pool {
  readonly endpoints: Endpoints
  /** Name of the stage, or of its shard. */
  readonly stage: string
  /** Counts since the start of the gateway; retries and hedges are counted by their layers. */
  readonly counts: PoolCounts = { retries: 0, hedges: 0, refused: 0 }
  readonly #options: PoolOptions
  readonly #clock: Clock
  readonly #picker: Picker
  readonly #room: WaitingRoom
  readonly #quarantine: Quarantine
  readonly #pace: Pace
  readonly #hops: Hops
  #patience: Patience | undefined

  constructor(options: PoolOptions) {
    const { stage, policy, queue, clock, random, breaker } = options
    this.#options = options
    this.stage = stage
    this.#clock = clock
    this.#pace = new Pace(clock)
    this.endpoints = new Endpoints(clock, (endpoint) => this.#changed(endpoint), breaker)
    this.#quarantine = new Quarantine({
      endpoints: this.endpoints,
      clock,
      refusal: () => (this.#room.isHopeless ? this.noReplica() : undefined),
      onReleased: () => this.#room.serve(),
    })
    this.#picker = new Picker({
      quarantine: this.#quarantine,
      endpoints: this.endpoints,
      policy: typeof policy === 'function' ? policy(random) : createPolicy(policy, random),
      perReplica: queue.perReplica,
    })
    this.#hops = new Hops({
      timeoutSendMs: options.timeoutSendMs,
      times: options.times,
      clock,
      onAnswered: (sojournMs, { depth }) =>
        this.#pace.answered(sojournMs, depth, this.endpoints.usable.length),
      onFreed: () => this.#serve(),
    })
    this.#room = new WaitingRoom({
      stage,
      maxRequests: queue.maxRequests,
      maxBytes: queue.maxBytes,
      maxWaitMs: queue.maxWaitMs,
      clock,
      pick: (itinerary) => this.pick(itinerary),
      isUsable: () => this.endpoints.usable.length > 0,
      hasCapacity: () => this.#picker.hasCapacity,
      labels: () => this.endpoints.all().map(({ label }) => label),
      estimate: (ahead) => this.#pace.estimate(this.#hops.inFlight + ahead),
      onDemand: () => options.onDemand?.(),
      onRefused: () => this.counts.refused++,
    })
    const { patienceMs: ms } = options
    if (ms !== undefined) {
      this.#patience = new Patience({ clock, ms, expect: (expectation) => this.#room.expect(expectation) })
    }
  }

  /** Waits for a replica and makes one try there. Rejects with the error of the hop, or with the refusal. */
  send(request: DataRequest, call: Call, itinerary: Itinerary): Promise<DataRequest> {
    const ticket: Ticket = {
      depth: this.#hops.inFlight + this.#room.length,
      arrived: this.#clock.monotonic(),
      itinerary,
      span: undefined,
    }
    if (ticket.depth === 0) this.#pace.idle()
    const isSuspect = itinerary.losses !== undefined
    const refusal = isSuspect ? undefined : this.#tooLate(call)
    if (refusal !== undefined) {
      this.counts.refused++
      call.observation?.event({ name: 'replica.refused', code: refusal.code })
      return Promise.reject(refusal)
    }
    const free = this.#room.length > 0 || isSuspect ? undefined : this.pick(itinerary)
    const start = (endpoint: Endpoint): Promise<DataRequest> => {
      itinerary.tried.push(endpoint)
      const { observation } = call
      if (observation === undefined) return this.#hops.send(endpoint, request, call, ticket)
      const { name: pod, label: address } = endpoint
      itinerary.tries = (itinerary.tries ?? 0) + 1
      const attempt = observation.child({ name: 'try', pod, address, number: itinerary.tries })
      ticket.span = openSpan(call, attempt)
      return this.#hops.send(endpoint, request, ticket.span, ticket)
    }
    if (free !== undefined) return start(free)
    if (isSuspect) return this.#quarantine.send(call, itinerary, start)
    return this.#room.wait({ call, itinerary, bytes: request.undecodedLength }, start)
  }

  /** A replica for the next try; undefined when none has room. */
  pick(itinerary: Itinerary): Endpoint | undefined {
    return this.#picker.pick(itinerary)
  }

  /** Whether a replica that has not had the request could take it now. */
  hasSpare(itinerary: Itinerary): boolean {
    return this.#picker.hasSpare(itinerary)
  }

  /** Whether all replicas that may be picked have had the request. */
  exhausted(itinerary: Itinerary): boolean {
    return this.#picker.isExhausted(itinerary)
  }

  /** Requests in flight or waiting, divided by the usable replicas; `Infinity` when there are none. */
  get pressure(): number {
    const replicas = this.endpoints.usable.length
    return replicas === 0
      ? Number.POSITIVE_INFINITY
      : (this.#hops.inFlight + this.#room.length + this.#quarantine.length) / replicas
  }

  add(name: string, channel: Channel, options?: EndpointOptions): Endpoint {
    channel.onCapacity?.(() => this.#serve())
    return this.endpoints.add(name, channel, options)
  }

  /** Whether the replica of that name uses this channel. */
  has(name: string, channel: Channel): boolean {
    return this.endpoints.get(name)?.channel === channel
  }

  /** Sets whether a stage without replicas will get one. If not, waiting requests are refused. */
  expect(expectation: Expectation): void {
    this.#room.expect(expectation)
    this.#quarantine.serve()
  }

  /** The error for a request that finds no replica. */
  noReplica(): MillraceError {
    return this.#room.noReplica()
  }

  load(): PoolLoad {
    return poolLoad(this, this.#room, this.#quarantine)
  }

  /**
   * Unlists the replica at once, waits for its requests in flight, at most `graceMs`, then closes its channel. `exit`: how
   * the replica exited, if it has. Null when there is no such replica.
   */
  async remove(
    name: string,
    { graceMs, exit }: { readonly graceMs: number; readonly exit?: Exit },
  ): Promise<Departure | null> {
    const endpoint = this.endpoints.unlist(name)
    if (endpoint === undefined) return null
    if (exit !== undefined) endpoint.exitTracker.exited(exit)
    endpoint.channel.flush?.()
    await this.#idle(endpoint, graceMs)
    await endpoint.channel.close()
    return { served: endpoint.load.served, isRepeated: endpoint.exitTracker.isRepeated }
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#patience?.close()
    this.#patience = undefined
    this.#quarantine.close()
    this.expect({ expecting: false, why: 'the gateway is closing' })
    await Promise.all(this.endpoints.all().map(({ name }) => this.remove(name, { graceMs })))
  }

  /** `endpoint`: the replica whose state has changed, if that is what changed. */
  #changed(endpoint: Endpoint | undefined): void {
    if (endpoint !== undefined) this.#options.onState?.(endpoint.name, endpoint.health.state)
    this.#patience?.settle(this.endpoints.usable.length > 0)
    this.#serve()
  }

  #serve(): void {
    this.#quarantine.serve()
    this.#room.serve()
  }

  #tooLate({ deadline, sender = anonymousSender }: Call): MillraceError | undefined {
    const depth = this.#hops.inFlight + this.#room.ahead(sender)
    // no refusal while the stage is not busy, nor for a patient sender, which waits in any case
    if (depth < 2 * this.endpoints.size || sender.patient) return undefined
    const estimate = this.#pace.estimate(depth)
    const left = deadline - this.#clock.now()
    return estimate > left * safeShare ? tooLate(this.#options.stage, left, estimate) : undefined
  }

  async #idle({ load, channel }: Endpoint, graceMs: number): Promise<void> {
    if (load.inFlight === 0) return
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(graceMs, resolve)
    })
    await Promise.race([load.idle(), late, channel.closed])
    cancel()
  }
}
