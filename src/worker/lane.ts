import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'

export interface LaneOptions {
  /** Tasks that may run at the same time; null is no limit. */
  readonly limit: number | null
  /** Tasks that may run or wait; more are refused. Default: no limit. */
  readonly capacity?: number
  readonly clock?: Clock
  /** Calls back once the event loop has looked at its sockets; default `setImmediate`. */
  readonly breathe?: (wake: () => void) => void
  /** Milliseconds that tasks may hold the event loop, all together, between two breaths; default 1. */
  readonly holdMs?: number
}

interface Waiting extends AbortListener {
  readonly call: Call
  begin(): void
  refuse(reason: unknown): void
}

/**
 * Who may run now, in order of arrival.
 *
 * 1. A task starts when fewer than `limit` run and nobody waits before it.
 * 2. When tasks have held the event loop for `holdMs`, the next ones wait until it has gone round once. A handler that
 *    computes for 50 ms would else keep the answer of the one before it, and every cancellation, from the socket
 *    until all requests that came in the same chunk are done.
 * 3. With `capacity` tasks here, a further one is refused at once, so that it can be tried elsewhere.
 * 4. A call that is cancelled while it waits leaves the queue at once; one that has expired when its turn comes does not
 *    run.
 */
export class Lane {
  readonly #limit: number
  readonly #capacity: number
  readonly #clock: Clock
  readonly #breathe: (wake: () => void) => void
  readonly #holdMs: number
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>()
  #running = 0
  #heldMs = 0
  /** Pending while the event loop goes round. */
  #breath: Deferred | undefined
  #idle: Deferred | undefined

  constructor({
    limit,
    capacity = Number.POSITIVE_INFINITY,
    clock = systemClock,
    breathe = turnOfTheLoop,
    holdMs = 1,
  }: LaneOptions) {
    this.#capacity = capacity
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#clock = clock
    this.#breathe = breathe
    this.#holdMs = holdMs
  }

  /** Tasks that run or wait. */
  get inFlight(): number {
    return this.#running + this.#waiting.size
  }

  /** Resolves when nothing runs and nobody waits. */
  idle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve()
    this.#idle ??= deferred()
    return this.#idle.promise
  }

  /**
   * Runs a task in its turn; at once, before this returns, when it may. Rejects with the reason that the call was
   * aborted for, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED when there is no room, when it did not run.
   */
  run<T>(call: Call, task: () => Promise<T>): Promise<T> {
    if (this.inFlight >= this.#capacity) return Promise.reject(this.#full())
    if (this.#mayBegin()) return this.#isExpired(call) ? Promise.reject(expired()) : this.#start(task)
    return new Promise((resolve, reject) => {
      this.#enqueue(call, { begin: () => void this.#start(task).then(resolve, reject), refuse: reject })
    })
  }

  /**
   * As `run`, for a task that gives items: its turn lasts until it is done. Between two items it calls `pace` with what it
   * waits for anyway, and waits for what that gives.
   */
  async runItems<T>(
    call: Call,
    task: (pace: (room?: void | Promise<void>) => void | Promise<void>) => Promise<T>,
  ): Promise<T> {
    await this.#turn(call)
    // time spent waiting for an item counts as held, too: that costs a turn of the loop an item, and harms nobody
    let began = this.#clock.monotonic()
    const pace = (room?: void | Promise<void>): void | Promise<void> => {
      this.#held(this.#clock.monotonic() - began)
      const breath = this.#breath?.promise
      if (room === undefined && breath === undefined) {
        began = this.#clock.monotonic()
        return
      }
      return Promise.all([room, breath]).then(() => {
        began = this.#clock.monotonic()
      })
    }
    try {
      return await task(pace)
    } finally {
      this.#leave()
    }
  }

  async #turn(call: Call): Promise<void> {
    if (this.inFlight >= this.#capacity) throw this.#full()
    if (this.#mayBegin()) {
      if (this.#isExpired(call)) throw expired()
      this.#running++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        this.#running++
        resolve()
      }
      this.#enqueue(call, { begin, refuse: reject })
    })
  }

  #mayBegin(): boolean {
    return this.#running < this.#limit && this.#breath === undefined && this.#waiting.size === 0
  }

  #start<T>(task: () => Promise<T>): Promise<T> {
    this.#running++
    const began = this.#clock.monotonic()
    const done = task()
    this.#held(this.#clock.monotonic() - began)
    const leave = () => this.#leave()
    done.then(leave, leave)
    return done
  }

  #enqueue(call: Call, { begin, refuse }: Pick<Waiting, 'begin' | 'refuse'>): void {
    const waiting: Waiting = {
      call,
      begin,
      refuse,
      abort: (reason) => {
        this.#waiting.delete(waiting)
        refuse(reason)
        this.#checkIdle()
      },
    }
    this.#waiting.add(waiting)
    call.onAbort(waiting)
  }

  /** Lets the next ones in, as many as may run before the next breath. */
  #admit(): void {
    for (const next of this.#waiting) {
      if (this.#breath !== undefined || this.#running >= this.#limit) break
      this.#waiting.delete(next)
      next.call.offAbort(next)
      if (this.#isExpired(next.call)) next.refuse(expired())
      else next.begin()
    }
    this.#checkIdle()
  }

  /** The answer goes out before the next one begins. */
  #leave(): void {
    this.#running--
    if (this.#waiting.size > 0) this.#rest()
    else this.#checkIdle()
  }

  #held(ms: number): void {
    this.#heldMs += ms
    if (this.#heldMs >= this.#holdMs) this.#rest()
  }

  #rest(): void {
    if (this.#breath !== undefined) return
    const breath = deferred()
    this.#breath = breath
    this.#heldMs = 0
    this.#breathe(() => {
      this.#breath = undefined
      breath.resolve()
      this.#admit()
    })
  }

  #isExpired(call: Call): boolean {
    return call.deadline !== Number.POSITIVE_INFINITY && call.deadline <= this.#clock.now()
  }

  #full(): MillraceError {
    const message = `This replica has ${this.inFlight} requests, as many as it takes (queue.perReplica). Try another one.`
    return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true })
  }

  #checkIdle(): void {
    if (this.inFlight > 0) return
    this.#idle?.resolve()
    this.#idle = undefined
  }
}

function expired(): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed before the executor could begin.', {
    notRun: true,
  })
}

function turnOfTheLoop(wake: () => void): void {
  // oxlint-disable-next-line no-restricted-globals -- nothing is waited for: it lets sockets be read between handlers
  setImmediate(wake)
}
