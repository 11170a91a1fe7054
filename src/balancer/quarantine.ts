/**
 * Where requests wait that have lost a replica, for a replica that they do not share with others: the next one to end would
 * take those along, and nobody could tell which request was the cause.
 *
 * 1. A replica that is held gets no request but from here. At most half of the replicas are held at once, and one of one.
 * 2. A held replica is first let become idle, for at most `drainMs`, and then has at most as many requests at once as each of
 *    them allows (`groupSize`): one, unless very many were lost together.
 * 3. After `aloneMs` a request is still under way there, but no longer kept alone: long streams must not keep others waiting.
 * 4. A request is here until it is started, refused, or its caller leaves.
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
  /** Why there is no replica, and none to come; undefined while there is one, or may be. */
  refusal(): MillraceError | undefined
  /** A replica is no longer held. */
  onReleased(): void
}

/** A replica that is held. */
interface Cell {
  /** Requests from here. */
  count: number
  /** Most requests that may be there now. */
  most: number
  /** It was waited for long enough until it is idle. */
  isOverdue: boolean
  readonly cancel: () => void
}

interface Suspect extends AbortListener {
  readonly tried: readonly Endpoint[]
  readonly group: number
  start(endpoint: Endpoint): Promise<unknown>
  refuse(error: MillraceError): void
}

/** How long a replica may take to finish what it has, before a request of the quarantine is sent there all the same. */
const drainMs = 2000

/** How long a request is kept alone. */
const aloneMs = 5000

export class Quarantine {
  readonly #options: QuarantineOptions
  readonly #cells = new Map<Endpoint, Cell>()
  #waiting: Suspect[] = []

  constructor(options: QuarantineOptions) {
    this.#options = options
  }

  /** Requests that wait. */
  get length(): number {
    return this.#waiting.length
  }

  /** Whether the replica is kept for requests from here. */
  isHeld(endpoint: Endpoint): boolean {
    return this.#cells.size > 0 && this.#cells.has(endpoint)
  }

  /** Runs `start` when a replica is free for the request. Rejects when there is none to come, and with why when the caller leaves. */
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

  /** Starts what can be started; to be called whenever a replica has come, gone, or answered. */
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
    cell.most = cell.count === 0 ? suspect.group : Math.min(cell.most, suspect.group)
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

  /** A held replica with room for it; holds one more when there is none. */
  #place({ tried, group }: Suspect): Endpoint | undefined {
    const { usable } = this.#options.endpoints
    for (const [endpoint, { count }] of this.#cells)
      if (count === 0 && !usable.includes(endpoint)) this.#let(endpoint)
    const fresh = usable.filter((endpoint) => !tried.includes(endpoint))
    const fitting = fresh.length > 0 ? fresh : usable
    const free = fitting.find((endpoint) => this.#hasRoom(endpoint, group))
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

  #hasRoom(endpoint: Endpoint, group: number): boolean {
    const cell = this.#cells.get(endpoint)
    if (cell === undefined) return false
    const isOthers = endpoint.load.inFlight > cell.count
    if (isOthers && !cell.isOverdue) return false
    return cell.count === 0 || cell.count < Math.min(cell.most, group)
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

  /** Lets go of the replicas that nothing here needs. */
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
