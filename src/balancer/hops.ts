import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { late } from '../call/late.js'
import type { SpanCall } from '../call/span-call.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
import type { DataRequest } from '../wire/data-request.js'
import { accountFailure, located, noteLoss } from './account.js'
import type { Endpoint } from './endpoints.js'
import { StreamedHop } from './streamed-hop.js'
import type { Itinerary } from './waiting-room.js'

/** The state of the stage when a request arrived. */
export interface Ticket {
  /** Requests in flight or waiting. */
  readonly depth: number
  /** Monotonic milliseconds. */
  readonly arrived: number
  readonly itinerary: Itinerary
  /** The span of the try, which ends with it; undefined when it is not observed. */
  span: SpanCall | undefined
}

/** Gets the times of hops that were answered, streams not included. */
export interface HopTimes {
  /** The request waited `waitedMs` for a replica, which took `tookMs`. */
  answered(waitedMs: number, tookMs: number): void
}

export interface HopsOptions {
  /** Milliseconds that one hop may take, see `PoolOptions`; null for no limit. */
  readonly timeoutSendMs: number | null
  readonly clock: Clock
  /** A unary request was answered `sojournMs` after its arrival. */
  onAnswered(sojournMs: number, ticket: Ticket): void
  readonly times?: HopTimes | undefined
  /** A request has ended, so a replica may have room for another one. */
  onFreed(): void
}

/**
 * One try of a request at one replica.
 *
 * 1. The outcome of a request is recorded for its replica exactly once, however it ends.
 */
export class Hops {
  readonly #options: HopsOptions
  readonly #deadlines: Deadlines
  #inFlight = 0

  constructor(options: HopsOptions) {
    this.#options = options
    this.#deadlines = deadlinesOf(options.clock)
  }

  /** Requests sent and not answered, at all replicas. */
  get inFlight(): number {
    return this.#inFlight
  }

  send(endpoint: Endpoint, request: DataRequest, call: Call, ticket: Ticket): Promise<DataRequest> {
    if (call.items !== undefined) return this.#stream({ endpoint, request, call, ticket }, call.items)
    const { load, health, channel, exitTracker } = endpoint
    const began = load.began()
    exitTracker.restored()
    this.#inFlight++
    const hop = this.#limited(call)
    return channel.handle(request, hop ?? call).then(
      (answer) => {
        if (hop !== undefined) this.#release(hop)
        const took = load.answered(began)
        health.breaker.answered()
        const { onAnswered, times } = this.#options
        onAnswered(began - ticket.arrived + took, ticket)
        times?.answered(began - ticket.arrived, took)
        this.#freed()
        ticket.span?.answered(answer)
        return answer
      },
      (error: unknown) => {
        if (hop !== undefined) this.#release(hop)
        throw this.#failed(endpoint, located(error, endpoint, call), { began, ticket })
      },
    )
  }

  async #stream({ endpoint, request, call, ticket }: Sent, items: ItemSink): Promise<DataRequest> {
    const { load, health, channel, exitTracker } = endpoint
    const began = load.began()
    exitTracker.restored()
    this.#inFlight++
    const { timeoutSendMs: timeoutMs, clock } = this.#options
    const hop = new StreamedHop(call, items, { load, timeoutMs, clock })
    try {
      const answer = await channel.handle(request, hop.call)
      load.streamed()
      health.breaker.answered()
      this.#freed()
      ticket.span?.answered(answer)
      return answer
    } catch (error) {
      throw this.#failed(endpoint, located(error, endpoint, call), { began, ticket })
    } finally {
      hop.release()
    }
  }

  #failed(
    endpoint: Endpoint,
    failure: MillraceError,
    { began, ticket }: { readonly began: number; readonly ticket: Ticket },
  ): MillraceError {
    noteLoss(endpoint, failure, ticket.itinerary)
    accountFailure(endpoint, failure, { began, timed: this.#options.timeoutSendMs !== null })
    this.#freed()
    ticket.span?.failed(failure)
    return failure
  }

  #freed(): void {
    this.#inFlight--
    this.#options.onFreed()
  }

  /** The call with the stage's time limit for one hop; undefined when the call's own deadline is earlier. */
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
}

interface Sent {
  readonly endpoint: Endpoint
  readonly request: DataRequest
  readonly call: Call
  readonly ticket: Ticket
}

/** One try at one replica, limited to `timeoutMs`. */
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
