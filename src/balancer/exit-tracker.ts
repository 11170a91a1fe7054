import type { Call } from '../call/call.js'
import { pause } from '../call/pause.js'
import type { Clock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'

/** Milliseconds to wait for the exit of a replica to be reported after its connection was lost. */
const reportedWithinMs = 2000

/** How a replica exited. */
export interface Exit {
  /** What happened, as a predicate after its name: `exited with code 7`, `ran out of memory (…)`. */
  readonly reason: string
  /** The last lines that it printed. */
  readonly output: readonly string[]
  /** Whether it was ended from outside, for example by the kernel when memory is short, or by an operator. */
  readonly isFromOutside: boolean
}

/** What a replica had done when it left the balancer. */
export interface Departure {
  /** Requests it had answered. */
  readonly served: number
  /** Whether it was lost with a request that had already lost another replica. */
  readonly isRepeated: boolean
}

/** Tracks how one replica ends, and how many requests are lost with it. */
export class ExitTracker {
  /** Whether it was lost with a request that had already lost another replica. */
  isRepeated = false
  readonly #reportsExit: boolean
  readonly #exit = deferred<Exit>()
  #requests = 0

  /** `reportsExit`: the exit of the replica will be reported with `exited`. */
  constructor(reportsExit: boolean) {
    this.#reportsExit = reportsExit
  }

  /** Reports the exit of the replica. */
  exited(exit: Exit): void {
    this.#exit.resolve(exit)
  }

  /**
   * Records that a request was lost with the replica while `inFlight` were in flight. Returns how many requests it lost in
   * all.
   */
  lost(inFlight: number): number {
    // the requests in flight are reported one by one, so the first report has the full count
    this.#requests = Math.max(this.#requests, inFlight)
    return this.#requests
  }

  /** Resets the count: the replica gets requests again, so it has reconnected. */
  restored(): void {
    this.#requests = 0
  }

  /** Resolves with how it exited; null when that is not reported in time. */
  async exit(call: Call, clock: Clock): Promise<Exit | null> {
    if (!this.#reportsExit) return null
    return Promise.race([this.#exit.promise, pause(reportedWithinMs, { call, clock }).then(() => null)])
  }
}
