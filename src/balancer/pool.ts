/**
 * The replicas of one stage: pick one, wait when none has room, send, account.
 *
 * 1. A replica gets at most `perReplica` requests at once, fewer where it says so (`Channel.limit`), one while it is probing, and
 *    none while it does not read what was sent; the rest waits.
 * 2. While requests wait, a new one joins them instead of going past them; the fair queue decides which is next.
 * 3. What happens to a request is accounted to the replica that had it, once, whatever ends it.
 */
import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { late } from '../call/late.js'
import { somebody } from '../call/scope.js'
import { spanned } from '../call/spanned.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'
import { accountFailure, located } from './account.js'
import type { BreakerRules } from './breaker.js'
import { type Endpoint, Endpoints } from './endpoints.js'
import type { HealthState } from './health.js'
import { Pace } from './pace.js'
import { Patience } from './patience.js'
import { createPolicy, type PolicyName } from './policies/index.js'
import type { CreatePolicy, Policy } from './policies/policy.js'
import { tooLate } from './refusals.js'
import { StreamedHop } from './streamed-hop.js'
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

export interface ReplicaLoad {
  /** Name of the pod. */
  readonly name: string
  readonly state: HealthState
  /** Requests sent and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average that a slow answer raises at once; null before the first answer. */
  readonly latencyMs: number | null
}

export interface PoolLoad {
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly ReplicaLoad[]
}

/** What a request found when it came. */
interface Ticket {
  /** Requests that were under way or waited. */
  readonly depth: number
  /** Monotonic milliseconds. */
  readonly arrived: number
}

/** Of the time a request has left, what the estimate may take: beyond, it is refused at once instead of too late. */
const safeShare = 0.9

export class Pool {
  readonly endpoints: Endpoints
  /** Name of the stage, or of its shard. */
  readonly stage: string
  readonly #options: PoolOptions
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  readonly #policy: Policy
  readonly #room: WaitingRoom
  readonly #pace: Pace
  #patience: Patience | undefined
  #inFlight = 0

  constructor(options: PoolOptions) {
    const { stage, policy, queue, clock, random, breaker } = options
    this.#options = options
    this.stage = stage
    this.#clock = clock
    this.#deadlines = deadlinesOf(clock)
    this.#policy = typeof policy === 'function' ? policy(random) : createPolicy(policy, random)
    this.#pace = new Pace(clock)
    this.endpoints = new Endpoints(clock, (endpoint) => this.#changed(endpoint), breaker)
    this.#room = new WaitingRoom({
      stage,
      maxRequests: queue.maxRequests,
      maxBytes: queue.maxBytes,
      maxWaitMs: queue.maxWaitMs,
      clock,
      pick: (itinerary) => this.pick(itinerary),
      isUsable: () => this.endpoints.usable.length > 0,
      isRoomy: () => this.endpoints.usable.some((endpoint) => this.#hasRoom(endpoint)),
      labels: () => this.endpoints.all().map(({ label }) => label),
      estimate: (ahead) => this.#pace.estimate(this.#inFlight + ahead),
      onDemand: () => options.onDemand?.(),
    })
    const { patienceMs: ms } = options
    if (ms !== undefined) {
      this.#patience = new Patience({ clock, ms, expect: (outlook) => this.#room.expect(outlook) })
    }
  }

  /** One try at one replica, when it has its turn. Rejects with what the road says, or why nobody takes it. */
  send(request: DataRequest, call: Call, itinerary: Itinerary): Promise<DataRequest> {
    const ticket = { depth: this.#inFlight + this.#room.length, arrived: this.#clock.monotonic() }
    if (ticket.depth === 0) this.#pace.idle()
    const refusal = this.#tooLate(call)
    if (refusal !== undefined) {
      call.observation?.event({ name: 'replica.refused', code: refusal.code })
      return Promise.reject(refusal)
    }
    const free = this.#room.length > 0 ? undefined : this.pick(itinerary)
    const start = (endpoint: Endpoint): Promise<DataRequest> => {
      itinerary.tried.push(endpoint)
      const { observation } = call
      if (observation === undefined) return this.#send(endpoint, request, call, ticket)
      const { name: pod, label: address } = endpoint
      itinerary.tries = (itinerary.tries ?? 0) + 1
      const attempt = observation.child({ name: 'try', pod, address, number: itinerary.tries })
      return spanned(call, attempt, (below) => this.#send(endpoint, request, below, ticket))
    }
    if (free !== undefined) return start(free)
    return this.#room.wait({ call, itinerary, bytes: request.data?.byteLength ?? 0 }, start)
  }

  /** A replica for the next try: one that did not have the request, as long as there is such a one. Undefined: none has room. */
  pick({ tried, write }: Itinerary): Endpoint | undefined {
    const { usable } = this.endpoints
    if (tried.length === 0 && usable.length > 0) {
      const first = this.#policy.pick(usable)
      if (this.#hasRoom(first) && !(write && first.health.state === 'probing')) return first
    }
    const fresh = usable.filter((endpoint) => !tried.includes(endpoint))
    const fitting = fresh.length > 0 ? fresh : usable
    const proven = write ? fitting.filter(({ health }) => health.state !== 'probing') : fitting
    const roomy = (proven.length > 0 ? proven : fitting).filter((endpoint) => this.#hasRoom(endpoint))
    return roomy.length === 0 ? undefined : this.#policy.pick(roomy)
  }

  /** Whether a replica that did not have the request could take it now. */
  hasSpare({ tried }: Itinerary): boolean {
    return this.endpoints.usable.some((endpoint) => !tried.includes(endpoint) && this.#hasRoom(endpoint))
  }

  /** Whether all replicas that may be picked had the request. */
  exhausted({ tried }: Itinerary): boolean {
    return this.endpoints.usable.every((endpoint) => tried.includes(endpoint))
  }

  /** Requests under way or waiting for each replica; `Infinity` when none can be picked. */
  get pressure(): number {
    const replicas = this.endpoints.usable.length
    return replicas === 0 ? Number.POSITIVE_INFINITY : (this.#inFlight + this.#room.length) / replicas
  }

  add(name: string, channel: Channel, label?: string): Endpoint {
    channel.onRoom?.(() => this.#room.serve())
    return this.endpoints.add(name, channel, label)
  }

  /** Whether this very connection is listed under that name. */
  has(name: string, channel: Channel): boolean {
    return this.endpoints.get(name)?.channel === channel
  }

  /** Whether a stage that has no replica will have one; when not, who waits is refused. */
  expect(outlook: Outlook): void {
    this.#room.expect(outlook)
  }

  /** Why a request that finds no replica is refused. */
  nobody(): MillraceError {
    return this.#room.nobody()
  }

  load(): PoolLoad {
    const replicas = this.endpoints.all().map(({ name, load, health }) => ({
      name,
      state: health.state,
      inFlight: load.inFlight,
      latencyMs: load.averageMs,
    }))
    return { waiting: this.#room.length, waitingBytes: this.#room.bytes, replicas }
  }

  /** Unlists the replica at once, waits for its requests in flight, at most `graceMs`, then closes its channel. */
  async remove(name: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    const endpoint = this.endpoints.unlist(name)
    if (endpoint === undefined) return
    await this.#idle(endpoint, graceMs)
    await endpoint.channel.close()
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#patience?.close()
    this.#patience = undefined
    this.expect({ expecting: false, why: 'the gateway is closing' })
    await Promise.all(this.endpoints.all().map(({ name }) => this.remove(name, { graceMs })))
  }

  /** `endpoint`: the one that is in another state, where that is the change. */
  #changed(endpoint: Endpoint | undefined): void {
    if (endpoint !== undefined) this.#options.onState?.(endpoint.name, endpoint.health.state)
    this.#patience?.settle(this.endpoints.usable.length > 0)
    this.#room.serve()
  }

  #send(endpoint: Endpoint, request: DataRequest, call: Call, ticket: Ticket): Promise<DataRequest> {
    if (call.items !== undefined) return this.#stream(endpoint, request, call, call.items)
    const { load, health, channel } = endpoint
    const began = load.began()
    this.#inFlight++
    const hop = this.#limited(call)
    return channel.handle(request, hop ?? call).then(
      (answer) => {
        if (hop !== undefined) this.#release(hop)
        const took = load.answered(began)
        health.breaker.answered()
        this.#pace.answered(began - ticket.arrived + took, ticket.depth, this.endpoints.usable.length)
        this.#freed()
        return answer
      },
      (error: unknown) => {
        if (hop !== undefined) this.#release(hop)
        throw this.#failed(endpoint, located(error, endpoint, call), began)
      },
    )
  }

  async #stream(endpoint: Endpoint, request: DataRequest, call: Call, items: ItemSink): Promise<DataRequest> {
    const { load, health, channel } = endpoint
    const began = load.began()
    this.#inFlight++
    const { timeoutSendMs: timeoutMs } = this.#options
    const hop = new StreamedHop(call, items, { load, timeoutMs, clock: this.#clock })
    try {
      const answer = await channel.handle(request, hop.call)
      load.streamed()
      health.breaker.answered()
      this.#freed()
      return answer
    } catch (error) {
      throw this.#failed(endpoint, located(error, endpoint, call), began)
    } finally {
      hop.release()
    }
  }

  #failed(endpoint: Endpoint, failure: MillraceError, began: number): MillraceError {
    accountFailure(endpoint, failure, { began, timed: this.#options.timeoutSendMs !== null })
    this.#freed()
    return failure
  }

  #freed(): void {
    this.#inFlight--
    if (this.#room.length > 0) this.#room.serve()
  }

  /** The call with the stage's limit for one hop; undefined when the call ends sooner by itself. */
  #limited(call: Call): Hop | undefined {
    const { timeoutSendMs, clock } = this.#options
    if (timeoutSendMs === null || call.deadline <= clock.now() + timeoutSendMs) return undefined
    const hop = new Hop(call, clock.now() + timeoutSendMs, timeoutSendMs)
    this.#deadlines.watch(hop)
    return hop
  }

  #release(hop: Hop): void {
    this.#deadlines.unwatch(hop)
    hop.unlink()
  }

  #hasRoom({ load, health, channel }: Endpoint): boolean {
    const { limit = Number.POSITIVE_INFINITY, isCongested = false } = channel
    if (isCongested) return false
    if (load.inFlight === 0) return true
    return health.state !== 'probing' && load.inFlight < Math.min(limit, this.#options.queue.perReplica)
  }

  #tooLate({ deadline, sender = somebody }: Call): MillraceError | undefined {
    const depth = this.#inFlight + this.#room.ahead(sender)
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

/** One try at one replica that may take `timeoutMs`. */
class Hop extends Branch implements Timed {
  watched: Watched | undefined = undefined
  readonly #timeoutMs: number

  constructor(call: Call, deadline: number, timeoutMs: number) {
    super(call, { deadline })
    this.#timeoutMs = timeoutMs
  }

  expire(): void {
    this.abort(late(this.#timeoutMs))
  }
}
