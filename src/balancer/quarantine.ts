/**
 * The queue for suspect requests: requests that have lost a replica. Each is retried on a replica reserved for it, because
 * it may bring down the next replica too: that would fail the other requests there, and would not show which request was
 * the cause.
 *
 * 1. A reserved replica gets requests from this queue only. At most half of the replicas are reserved at once; when there is
 *    only one replica, that one.
 * 2. A newly reserved replica first finishes its other requests, for at most `drainMs`. Then it gets suspect requests one by
 *    one: only a request that is alone can be found to be the cause, so a group with the cause in it costs one more replica.
 *    When a replica has lost many requests, the ones still waiting after `singlyMs` nevertheless go in groups (`groupSize`):
 *    hundreds of slow requests, one by one, would delay the last one for minutes.
 * 3. A suspect request that runs longer than `aloneMs` goes on, but no longer keeps its replica reserved, so that a long
 *    stream does not make other requests wait.
 * 4. A request stays in the queue until it is started, refused, or cancelled.
 */
import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Endpoint, Endpoints } from './endpoints.js'
import { groupSize } from './losses.js'
import type { Itinerary } from './waiting-room.js'

export interface QuarantineOptions {
  readonly endpoints: Endpoints
  readonly clock: Clock
  /** The error for waiting requests when there is no replica and none is expected; otherwise undefined. */
  refusal(): MillraceError | undefined
  /** A replica is no longer reserved. */
  onReleased(): void
}

/** A reserved replica. */
interface Cell {
  /** Requests of this queue in flight there. */
  count: number
  /** How many of them may be in flight there now. */
  most: number
  /** Its other requests have had `drainMs` to finish; suspect requests no longer wait for them. */
  isOverdue: boolean
  readonly cancel: () => void
}

interface Suspect extends AbortListener {
  readonly tried: readonly Endpoint[]
  /** How many may be in flight together, once `groupsAt` has come. */
  readonly group: number
  /** Monotonic milliseconds. */
  readonly groupsAt: number
  start(endpoint: Endpoint): Promise<unknown>
  refuse(error: MillraceError): void
}

/** How long a reserved replica may take to finish its other requests before it gets a suspect one anyway. */
const drainMs = 2000

/** How long suspect requests that were lost together are retried one by one. */
const singlyMs = 2000

/** How long a suspect request has its replica to itself. */
const aloneMs = 5000

export class Quarantine {
  readonly #options: QuarantineOptions
  readonly #cells = new Map<Endpoint, Cell>()
  #waiting: Suspect[] = []

  constructor(options: QuarantineOptions) {
    this.#options = options
  }

  /** Number of waiting requests. */
  get length(): number {
    return this.#waiting.length
  }

  /** Whether the replica is reserved for this queue. */
  isHeld(endpoint: Endpoint): boolean {
    return this.#cells.size > 0 && this.#cells.has(endpoint)
  }

  /**
   * Runs `start` when a replica is free for the request. Rejects when no replica is expected, or with the reason when the
   * call is cancelled.
   */
  send<T>(
    call: Call,
    { tried, losses = [] }: Itinerary,
    start: (endpoint: Endpoint) => Promise<T>,
  ): Promise<T> {
    const { aborted } = call
    if (aborted !== undefined) return Promise.reject(aborted)
    return new Promise((resolve, reject) => {
      const suspect: Suspect = {
        tried: [...tried],
        group: groupSize(losses),
        groupsAt: this.#options.clock.monotonic() + singlyMs,
        start(endpoint) {
          call.offAbort(suspect)
          const hop = start(endpoint)
          resolve(hop)
          return hop
        },
        refuse(error) {
          call.offAbort(suspect)
          reject(error)
        },
        abort: (reason) => {
          this.#waiting = this.#waiting.filter((waiting) => waiting !== suspect)
          reject(reason)
          this.#release()
        },
      }
      call.onAbort(suspect)
      this.#waiting.push(suspect)
      this.serve()
    })
  }

  /** Starts the requests for which there is room. Call it whenever a replica was added, removed, or has answered. */
  serve(): void {
    if (this.#waiting.length === 0) return
    const refusal = this.#options.refusal()
    if (refusal !== undefined) {
      const refused = this.#waiting
      this.#waiting = []
      for (const suspect of refused) suspect.refuse(refusal)
      return this.#release()
    }
    for (let suspect = this.#waiting[0]; suspect !== undefined; suspect = this.#waiting[0]) {
      const endpoint = this.#place(suspect)
      if (endpoint === undefined) return
      this.#waiting.shift()
      this.#start(suspect, endpoint)
    }
  }

  close(): void {
    for (const { cancel } of this.#cells.values()) cancel()
  }

  #start(suspect: Suspect, endpoint: Endpoint): void {
    const cell = this.#cells.get(endpoint)!
    const most = this.#together(suspect)
    cell.most = cell.count === 0 ? most : Math.min(cell.most, most)
    cell.count++
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      cancel()
      cell.count--
      this.serve()
      this.#release()
    }
    const cancel = this.#options.clock.after(aloneMs, over)
    suspect.start(endpoint).then(over, over)
  }

  /** A reserved replica with room for the request. When there is none, reserves another replica, and returns it if it is idle. */
  #place(suspect: Suspect): Endpoint | undefined {
    const { tried } = suspect
    const { usable } = this.#options.endpoints
    for (const [endpoint, { count }] of this.#cells)
      if (count === 0 && !usable.includes(endpoint)) this.#let(endpoint)
    const fresh = usable.filter((endpoint) => !tried.includes(endpoint))
    const fitting = fresh.length > 0 ? fresh : usable
    const free = fitting.find((endpoint) => this.#hasRoom(endpoint, suspect))
    if (free !== undefined) return free
    if (this.#cells.size >= Math.max(1, Math.floor(usable.length / 2))) return undefined
    const [first, ...others] = fitting.filter((endpoint) => !this.#cells.has(endpoint))
    if (first === undefined) return undefined
    const held = others.reduce(
      (least, other) => (other.load.inFlight < least.load.inFlight ? other : least),
      first,
    )
    this.#hold(held)
    return held.load.inFlight === 0 ? held : undefined
  }

  /** How many requests may be in flight on the replica of this one. */
  #together({ group, groupsAt }: Suspect): number {
    return this.#options.clock.monotonic() < groupsAt ? 1 : group
  }

  #hasRoom(endpoint: Endpoint, suspect: Suspect): boolean {
    const cell = this.#cells.get(endpoint)
    if (cell === undefined) return false
    const isOthers = endpoint.load.inFlight > cell.count
    if (isOthers && !cell.isOverdue) return false
    return cell.count === 0 || cell.count < Math.min(cell.most, this.#together(suspect))
  }

  #hold(endpoint: Endpoint): void {
    const cell: Cell = {
      count: 0,
      most: 1,
      isOverdue: false,
      cancel: this.#options.clock.after(drainMs, () => {
        cell.isOverdue = true
        this.serve()
      }),
    }
    this.#cells.set(endpoint, cell)
  }

  #let(endpoint: Endpoint): void {
    this.#cells.get(endpoint)!.cancel()
    this.#cells.delete(endpoint)
  }

  /** Ends the reservations that no waiting request and no request in flight needs. */
  #release(): void {
    if (this.#waiting.length > 0) return
    let isReleased = false
    for (const [endpoint, { count }] of this.#cells) {
      if (count > 0) continue
      this.#let(endpoint)
      isReleased = true
    }
    if (isReleased) this.#options.onReleased()
  }
}
