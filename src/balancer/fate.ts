import type { Call } from '../call/call.js'
import { pause } from '../call/pause.js'
import type { Clock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'

/** How long it may take until it is known how a replica ended whose connection was lost. */
const saidWithinMs = 2000

/** How a replica has ended. */
export interface Exit {
  /** What it did, to be read behind its name: `exited with code 7`, `ran out of memory (…)`. */
  readonly reason: string
  /** The last lines it printed. */
  readonly output: readonly string[]
  /** Somebody has ended it from outside, such as the kernel when memory is short, or an operator. */
  readonly isFromOutside: boolean
}

/** What a replica had done when it left the balancer. */
export interface Departure {
  /** Requests it had answered. */
  readonly served: number
  /** It ended with a request for which another replica had ended already. */
  readonly isRepeated: boolean
}

/** The end of one replica. */
export class Fate {
  /** It ended with a request for which another replica had ended already. */
  isRepeated = false
  readonly #isTold: boolean
  readonly #exit = deferred<Exit>()
  #requests = 0

  /** `isTold`: somebody sees how it ends, and will say so. */
  constructor(isTold: boolean) {
    this.#isTold = isTold
  }

  /** Somebody has seen how it ended. */
  exited(exit: Exit): void {
    this.#exit.resolve(exit)
  }

  /** One of its requests was lost with it, of `inFlight`. Gives how many were lost with it together. */
  lost(inFlight: number): number {
    // its requests are lost one after the other: the first sees how many there are
    this.#requests = Math.max(this.#requests, inFlight)
    return this.#requests
  }

  /** It has been given a request after a loss: its connection was made again. */
  restored(): void {
    this.#requests = 0
  }

  /** How it has ended; null when nobody says so in time. */
  async exit(call: Call, clock: Clock): Promise<Exit | null> {
    if (!this.#isTold) return null
    return Promise.race([this.#exit.promise, pause(saidWithinMs, { call, clock }).then(() => null)])
  }
}
