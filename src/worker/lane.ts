import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { Scope } from '../call/scope.js'
import type { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import { BlockingTasks, type TaskStart } from './blocking-tasks.js'
import { LoopTurns, type Pace, turnOfTheLoop } from './loop-turns.js'
import { expired, full } from './refusals.js'
import { Window } from './window.js'

export interface LaneOptions {
  /** Tasks that may run at the same time; null is no limit. */
  readonly limit: number | null
  /** Tasks that may run or be queued; more are refused. Default: no limit. */
  readonly capacity?: number
  readonly clock?: Clock
  /** Calls back once the event loop has polled its sockets; default `setImmediate`. */
  readonly yieldToLoop?: (wake: () => void) => void
  /** Milliseconds for which tasks together may hold the event loop before it goes round; default 1. */
  readonly holdMs?: number
  /** Milliseconds for which the event loop was not idle so far; default: as Node measures it. */
  readonly busyMs?: () => number
}

interface Waiting extends AbortListener {
  readonly call: Call
  begin(): void
  refuse(reason: unknown): void
}

/** Gets the times of one task, in milliseconds, before its caller has the result. */
export interface TaskMeter<T> {
  /** It waited for its turn and ran. */
  ended(waitedMs: number, tookMs: number, result: T): void
  /** It waited for its turn, ran, and failed. */
  failed(waitedMs: number, tookMs: number, error: unknown): void
  /** It did not run. */
  refused(reason: unknown): void
}

/**
 * Schedules the handlers of a replica, in order of arrival.
 *
 * 1. A task starts when fewer than `limit` run and no other task is queued before it.
 * 2. When tasks have held the event loop for `holdMs`, the next ones wait until it has gone round once. Otherwise a handler
 *    that computes for 50 ms would delay the answer of the task before it, and every cancellation, until all requests that
 *    arrived in the same chunk are done.
 * 3. With `capacity` tasks running or queued, another one is refused at once, so that it can be tried elsewhere.
 * 4. A call that is cancelled in the queue leaves it at once; a call that has expired when its turn comes does not run.
 * 5. `target` is the number of tasks that should be in the lane: a window, plus the running tasks that have yielded to the event
 *    loop since they began. So a task that awaits I/O does not use up the window; one that computes or is queued does. A task
 *    that computes in pieces uses it for as long as one piece holds the loop.
 * 6. A request that will run as a part of a batch reserves room instead. It counts as in flight until it is released; the batch
 *    itself is a task that is never refused.
 */
export class Lane {
  readonly #limit: number
  readonly #capacity: number
  readonly #clock: Clock
  readonly #window: Window
  readonly #blocking: BlockingTasks
  readonly #turns: LoopTurns
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>()
  #running = 0
  /** Requests that are waiting for a batch or are in one. */
  #reserved = 0
  /** Tasks that are batches. */
  #batches = 0
  #idle: Deferred | undefined

  constructor({
    limit,
    capacity = Number.POSITIVE_INFINITY,
    clock = systemClock,
    yieldToLoop = turnOfTheLoop,
    holdMs = 1,
    ...options
  }: LaneOptions) {
    this.#capacity = capacity
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#clock = clock
    this.#window = new Window({ limit, ...options })
    this.#turns = new LoopTurns({
      clock,
      holdMs,
      yieldToLoop,
      onTurn: () => this.#blocking.grow(),
      onResume: () => this.#admit(),
    })
    this.#blocking = new BlockingTasks({
      window: this.#window,
      clock,
      awaitTurn: () => this.#turns.awaitTurn(),
    })
  }

  /** Number of requests that run or are queued, alone or in batches. */
  get inFlight(): number {
    return this.#tasks - this.#batches + this.#reserved
  }

  /** A batch may still run when all its requests have left. */
  get #isIdle(): boolean {
    return this.#tasks + this.#reserved === 0
  }

  get #tasks(): number {
    return this.#running + this.#waiting.size
  }

  /** Number of tasks that should be running or queued now. */
  get target(): number {
    const window = this.#window.size
    return Math.min(this.#running - this.#blocking.count + window, this.#limit + window - 1)
  }

  /** Calls `listener` when `target` has grown because tasks yielded to the event loop. Returns a function that removes it. */
  onGrow(listener: () => void): () => void {
    return this.#blocking.onGrow(listener)
  }

  /** Callers have more tasks than their limits admit. */
  wanted(): void {
    this.#window.wanted()
  }

  /** Resolves when no task is running or queued. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    this.#idle ??= deferred()
    return this.#idle.promise
  }

  /**
   * Runs a task in its turn; synchronously if it may start now. A task that did not run rejects with the reason for which its
   * call was aborted, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED when there is no room.
   */
  run<T>(call: Call, task: () => Promise<T>, meter?: TaskMeter<T>): Promise<T> {
    if (this.inFlight >= this.#capacity) return refusal(full(this.inFlight), meter)
    if (this.#mayBegin()) return this.#isExpired(call) ? refusal(expired(), meter) : this.#start(task, meter)
    const arrived = meter === undefined ? undefined : this.#clock.monotonic()
    return new Promise((resolve, reject) => {
      this.#enqueue(call, {
        begin: () => void this.#start(task, meter, arrived).then(resolve, reject),
        refuse: (reason) => {
          meter?.refused(reason)
          reject(reason)
        },
      })
    })
  }

  /** Reserves room for a request of a batch, until `release()`. Returns RESOURCE_EXHAUSTED when there is no room. */
  reserve(): MillraceError | undefined {
    if (this.inFlight >= this.#capacity) return full(this.inFlight)
    this.#reserved++
    return undefined
  }

  /** A request that reserved room was answered, or left. */
  release(): void {
    this.#reserved--
    this.#checkIdle()
  }

  /** Runs a batch in its turn; synchronously if it may start now. Its requests have reserved room already. */
  runBatch(task: () => Promise<void>): Promise<void> {
    this.#batches++
    const counted = (): Promise<void> => this.#start(() => task().finally(() => this.#batches--))
    if (this.#mayBegin()) return counted()
    return new Promise((resolve, reject) => {
      // without a deadline: the requests of a batch leave it one by one
      this.#enqueue(new Scope(Number.POSITIVE_INFINITY, {}), {
        begin: () => void counted().then(resolve, reject),
        refuse: reject,
      })
    })
  }

  /**
   * Like `run`, for a task that yields items: its turn lasts until it is done. Between two items it calls `pace` with the
   * promise that it waits for anyway, and waits for the result.
   */
  async runItems<T>(call: Call, task: (pace: Pace) => Promise<T>): Promise<T> {
    const started = await this.#turn(call)
    try {
      return await task(this.#turns.pace())
    } finally {
      this.#leave(started)
    }
  }

  async #turn(call: Call): Promise<TaskStart> {
    if (this.inFlight >= this.#capacity) throw full(this.inFlight)
    if (this.#mayBegin()) {
      if (this.#isExpired(call)) throw expired()
      return this.#enter()
    }
    return new Promise<TaskStart>((resolve, reject) => {
      this.#enqueue(call, { begin: () => resolve(this.#enter()), refuse: reject })
    })
  }

  #mayBegin(): boolean {
    return this.#running < this.#limit && !this.#turns.isPaused && this.#waiting.size === 0
  }

  /** `arrived`: when it was queued, if it was. */
  #start<T>(task: () => Promise<T>, meter?: TaskMeter<T>, arrived?: number): Promise<T> {
    const started = this.#enter()
    const { began } = started
    const done = task()
    this.#turns.held(this.#clock.monotonic() - began)
    if (meter === undefined) {
      const leave = (): unknown => this.#leave(started)
      done.then(leave, leave)
      return done
    }
    const waitedMs = arrived === undefined ? 0 : began - arrived
    done.then(
      (result) => meter.ended(waitedMs, this.#leave(started) - began, result),
      (error: unknown) => meter.failed(waitedMs, this.#leave(started) - began, error),
    )
    return done
  }

  #enter(): TaskStart {
    const started = this.#blocking.enter(this.#clock.monotonic())
    this.#window.began(this.#tasks === 0, started.began)
    this.#running++
    this.#blocking.crowd(this.#waiting.size)
    return started
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
    this.#blocking.crowd(this.#waiting.size)
    call.onAbort(waiting)
  }

  /** Starts queued tasks, as many as may run before the event loop must go round. */
  #admit(): void {
    for (const next of this.#waiting) {
      if (this.#turns.isPaused || this.#running >= this.#limit) break
      this.#waiting.delete(next)
      next.call.offAbort(next)
      if (this.#isExpired(next.call)) next.refuse(expired())
      else next.begin()
    }
    this.#checkIdle()
  }

  /** The answer is sent before the next task begins. Returns the time. */
  #leave(started: TaskStart): number {
    this.#running--
    this.#blocking.leave(started)
    const now = this.#clock.monotonic()
    this.#window.ended(now - started.began, now, this.#tasks === 0)
    this.#blocking.crowd(this.#waiting.size) // the window may be smaller now
    if (this.#waiting.size > 0) this.#turns.pause()
    else this.#checkIdle()
    return now
  }

  #isExpired(call: Call): boolean {
    return call.deadline !== Number.POSITIVE_INFINITY && call.deadline <= this.#clock.now()
  }

  #checkIdle(): void {
    if (!this.#isIdle) return
    this.#idle?.resolve()
    this.#idle = undefined
  }
}

function refusal(reason: MillraceError, meter: TaskMeter<never> | undefined): Promise<never> {
  meter?.refused(reason)
  return Promise.reject(reason)
}
