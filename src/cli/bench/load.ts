import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { pause } from '../../lib/pause.js'
import { Latencies } from './latencies.js'

/** How requests are sent. */
export type Pace =
  /** So many at once; each is followed by the next when it is answered. */
  | { readonly kind: 'closed'; readonly concurrency: number }
  /** So many a second, whether those before are answered or not; at most `mostInFlight` at once. */
  | { readonly kind: 'open'; readonly rate: number; readonly mostInFlight: number }

export interface LoadOptions {
  /** Sends a request; rejects when it fails. `index` counts from 0. */
  send(index: number): Promise<unknown>
  /** For how long requests are sent; those in flight then are awaited. */
  readonly durationMs: number
  /** How many are sent at most. */
  readonly requests: number
  readonly clock: Clock
  /** Ends the sending early. */
  readonly signal: AbortSignal
}

/** What a load has measured. */
export interface Measured {
  /** Of requests that were answered. */
  readonly latencies: Latencies
  readonly answered: number
  /** How often requests failed, by code. */
  readonly failures: ReadonlyMap<string, number>
  /** Requests of an open loop whose time had come and that were not sent, because too many were in flight. */
  readonly unsent: number
  /** From the first request to the last answer. */
  readonly seconds: number
}

/**
 * Sends requests at a pace and measures their latencies. In an open loop a latency counts from when the request was to be sent: a server
 * that stalls is charged for all requests that had to wait, not only for those in flight (coordinated omission).
 */
export async function runLoad(pace: Pace, options: LoadOptions): Promise<Measured> {
  const load = new Load(options)
  const unsent = await (pace.kind === 'closed' ? load.closed(pace.concurrency) : load.open(pace))
  return { ...load.measured(), unsent }
}

class Load {
  readonly #options: LoadOptions
  readonly #beganMs: number
  readonly #latencies = new Latencies()
  readonly #failures = new Map<string, number>()
  #sent = 0
  #inFlight = 0
  /** Resolves at the next answer. */
  #answered: Deferred = deferred()

  constructor(options: LoadOptions) {
    this.#options = options
    this.#beganMs = options.clock.monotonic()
  }

  measured(): Omit<Measured, 'unsent'> {
    const latencies = this.#latencies
    const seconds = this.#elapsedMs / 1000
    return { latencies, answered: latencies.count, failures: this.#failures, seconds }
  }

  async closed(concurrency: number): Promise<number> {
    const sender = async (): Promise<void> => {
      while (this.#mayGoOn) await this.#send(this.#options.clock.monotonic())
    }
    await Promise.all(Array.from({ length: concurrency }, sender))
    return 0
  }

  async open({ rate, mostInFlight }: Extract<Pace, { kind: 'open' }>): Promise<number> {
    const { clock, signal, durationMs, requests } = this.#options
    /** Milliseconds after the begin at which a request is to be sent. */
    const dueMs = (index: number): number => (index * 1000) / rate
    while (this.#mayGoOn) {
      while (this.#mayGoOn && dueMs(this.#sent) <= this.#elapsedMs && this.#inFlight < mostInFlight) {
        void this.#send(this.#beganMs + dueMs(this.#sent)) // never rejects
      }
      if (!this.#mayGoOn) break
      const waitMs = dueMs(this.#sent) - this.#elapsedMs
      if (waitMs > 0) await pause(Math.min(waitMs, durationMs - this.#elapsedMs), { signal, clock })
      else await this.#answered.promise
    }
    const untilMs = Math.min(this.#elapsedMs, durationMs)
    const wanted = Math.min(requests, Math.ceil((untilMs * rate) / 1000))
    const unsent = Math.max(0, wanted - this.#sent)
    while (this.#inFlight > 0) await this.#answered.promise
    return unsent
  }

  get #elapsedMs(): number {
    return this.#options.clock.monotonic() - this.#beganMs
  }

  get #mayGoOn(): boolean {
    const { signal, durationMs, requests } = this.#options
    return !signal.aborted && this.#sent < requests && this.#elapsedMs < durationMs
  }

  /** @param fromMs when it was to be sent, of the clock. Never rejects. */
  async #send(fromMs: number): Promise<void> {
    this.#inFlight++
    try {
      await this.#options.send(this.#sent++)
      this.#latencies.record(this.#options.clock.monotonic() - fromMs)
    } catch (error) {
      const { code } = MillraceError.from(error)
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    } finally {
      this.#inFlight--
      this.#answered.resolve()
      this.#answered = deferred()
    }
  }
}
