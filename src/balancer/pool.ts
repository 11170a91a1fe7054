/**
 * The replicas of one stage: pick one (`picker`), wait when none has room (`waiting-room`), send and account (`hops`).
 *
 * 1. A replica gets at most `perReplica` requests at once, fewer where it says so (`Channel.limit`), one while it is probing, and
 *    none while it does not read what was sent; the rest waits.
 * 2. While requests wait, a new one joins them instead of going past them; the fair queue decides which is next.
 */
import type { Call } from '../call/call.js'
import { anonymousSender } from '../call/scope.js'
import { spanned } from '../call/spanned.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'
import type { BreakerRules } from './breaker.js'
import { type Endpoint, type EndpointOptions, Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import { Hops, type Ticket } from './hops.js'
import type { Departure, Exit } from './fate.js'
import { Pace } from './pace.js'
import { Patience } from './patience.js'
import { Picker } from './picker.js'
import { createPolicy, type PolicyName } from './policies/index.js'
import type { CreatePolicy } from './policies/policy.js'
import { type PoolCounts, type PoolLoad, poolLoad } from './pool-load.js'
import { Quarantine } from './quarantine.js'
import { tooLate } from './refusals.js'
import { type Itinerary, type Outlook, WaitingRoom } from './waiting-room.js'

export type { Itinerary } from './waiting-room.js'

/** What may wait for the replicas, and be at each of them. */
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
  /** By its name, or one that is not on offer. */
  readonly policy: PolicyName | CreatePolicy
  readonly queue: Queue
  /**
   * Milliseconds that one replica may take for one request; of a stream for its first document, and from one document to the
   * next. Null for no limit.
   */
  readonly timeoutSendMs: number | null
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Where ejection differs from what is usual. */
  readonly breaker?: Partial<BreakerRules>
  /**
   * Milliseconds that requests wait for a replica when there is none, where replicas come and go by somebody else's word.
   * Otherwise `expect` says whether they do.
   */
  readonly patienceMs?: number
  /** Somebody waits, and there is no replica. */
  onDemand?(): void
  /** A replica is in another state. */
  onState?(pod: string, state: HealthState): void
}

/** Of the time a request has left, what the estimate may take: beyond, it is refused at once instead of too late. */
const safeShare = 0.9

export class Pool {
  readonly endpoints: Endpoints
  /** Name of the stage, or of its shard. */
  readonly stage: string
  /** Since the start of the gateway; written by those that retry and hedge, too. */
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
      refusal: () => (this.#room.isHopeless ? this.nobody() : undefined),
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
      isRoomy: () => this.#picker.isRoomy,
      labels: () => this.endpoints.all().map(({ label }) => label),
      estimate: (ahead) => this.#pace.estimate(this.#hops.inFlight + ahead),
      onDemand: () => options.onDemand?.(),
      onRefused: () => this.counts.refused++,
    })
    const { patienceMs: ms } = options
    if (ms !== undefined) {
      this.#patience = new Patience({ clock, ms, expect: (outlook) => this.#room.expect(outlook) })
    }
  }

  /** One try at one replica, when it has its turn. Rejects with what became of the hop, or with why no replica takes it. */
  send(request: DataRequest, call: Call, itinerary: Itinerary): Promise<DataRequest> {
    const ticket: Ticket = {
      depth: this.#hops.inFlight + this.#room.length,
      arrived: this.#clock.monotonic(),
      itinerary,
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
      return spanned(call, attempt, (below) => this.#hops.send(endpoint, request, below, ticket))
    }
    if (free !== undefined) return start(free)
    if (isSuspect) return this.#quarantine.send(call, itinerary, start)
    return this.#room.wait({ call, itinerary, bytes: request.data?.byteLength ?? 0 }, start)
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

  /** Requests under way or waiting for each replica; `Infinity` when none can be picked. */
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

  /** Whether this very connection is listed under that name. */
  has(name: string, channel: Channel): boolean {
    return this.endpoints.get(name)?.channel === channel
  }

  /** Whether a stage that has no replica will have one; when not, who waits is refused. */
  expect(outlook: Outlook): void {
    this.#room.expect(outlook)
    this.#quarantine.serve()
  }

  /** Why a request that finds no replica is refused. */
  nobody(): MillraceError {
    return this.#room.nobody()
  }

  load(): PoolLoad {
    return poolLoad(this, this.#room, this.#quarantine)
  }

  /**
   * Unlists the replica at once, waits for its requests in flight, at most `graceMs`, then closes its channel. `exit`: how it
   * has ended, where it has. Null when there is no such replica.
   */
  async remove(
    name: string,
    { graceMs, exit }: { readonly graceMs: number; readonly exit?: Exit },
  ): Promise<Departure | null> {
    const endpoint = this.endpoints.unlist(name)
    if (endpoint === undefined) return null
    if (exit !== undefined) endpoint.fate.exited(exit)
    await this.#idle(endpoint, graceMs)
    await endpoint.channel.close()
    return { served: endpoint.load.served, isRepeated: endpoint.fate.isRepeated }
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#patience?.close()
    this.#patience = undefined
    this.#quarantine.close()
    this.expect({ expecting: false, why: 'the gateway is closing' })
    await Promise.all(this.endpoints.all().map(({ name }) => this.remove(name, { graceMs })))
  }

  /** `endpoint`: the one that is in another state, where that is the change. */
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
    // a stage that is not busy, or a sender that waits anyway
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
