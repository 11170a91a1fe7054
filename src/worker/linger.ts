import type { Clock } from '../lib/clock.js'

export interface LingerOptions {
  readonly clock: Clock
  /** Calls back once the event loop has polled its sockets. */
  yieldToLoop(wake: () => void): void
  /** Number of queued requests. */
  queued(): number
  /** Called when the wait has ended without all expected requests. */
  onEnd(): void
}

export interface EndedBatch {
  /** Requests that were answered with it. */
  readonly answered: number
  readonly tookMs: number
  /** Longest wait for requests, in milliseconds. */
  readonly mostMs: number
}

/** Requests are awaited for this share of the time that the batch took, and for so many times of it in all. */
const share = 0.1
const mostTimes = 3
/** A shorter wait costs more than it gains. */
const leastMs = 1

/**
 * After a batch of several requests their senders are likely to send again. So the next batch waits until as many requests are
 * queued as were answered or queued when the batch ended.
 *
 * 1. The wait begins with the first request: until then nobody is delayed. Where requests are queued already it begins at once.
 * 2. It ends when no request has arrived for a tenth of the time that the batch took, but not before the first one has, and
 *    after three tenths at the latest. On a busy machine the first answers may take longer than a tenth to come back as requests,
 *    and a batch of the few that are queued would delay all others by a whole batch.
 * 3. A lone sender does not wait, nor does a request that arrives later after the batch than the batch took.
 */
export class Linger {
  readonly #options: LingerOptions
  #expected = 0
  #ms = 0
  #until = 0
  /** A request has arrived since the batch ended. */
  #hasArrived = false
  #cancel: (() => void) | undefined

  constructor(options: LingerOptions) {
    this.#options = options
  }

  /** Whether more requests are expected than are queued. */
  get isOn(): boolean {
    return this.#options.queued() < this.#expected
  }

  /** The last of the running batches has ended. */
  begin({ answered, tookMs, mostMs }: EndedBatch): void {
    this.stop()
    const queued = this.#options.queued()
    const ms = Math.min(tookMs * share, mostMs)
    if (answered === 0 || answered + queued === 1 || ms < leastMs) return
    this.#expected = answered + queued
    this.#ms = ms
    this.#until = this.#options.clock.monotonic() + tookMs
    this.#hasArrived = false
    if (queued > 0) this.#wait(mostTimes)
  }

  /** A request was queued. */
  arrived(): void {
    this.#hasArrived = true
    if (this.#expected === 0 || this.#cancel !== undefined) return
    if (this.#options.clock.monotonic() > this.#until) this.stop()
    else this.#wait(mostTimes)
  }

  /** Nothing is expected any more. */
  stop(): void {
    this.#expected = 0
    this.#cancel?.()
    this.#cancel = undefined
  }

  #wait(times: number): void {
    const { clock, yieldToLoop, queued, onEnd } = this.#options
    const before = queued()
    const cancel = clock.after(this.#ms, () => {
      // on a busy machine the timer fires before the sockets are read, on which requests may have been waiting for long
      yieldToLoop(() => {
        if (this.#cancel !== cancel) return
        if (times > 1 && (queued() > before || !this.#hasArrived)) return this.#wait(times - 1)
        this.stop()
        onEnd()
      })
    })
    this.#cancel = cancel
  }
}
