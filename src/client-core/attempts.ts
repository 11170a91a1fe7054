import type { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Exchange } from './exchange.js'
import { holdProcess } from './hold-process.js'

export interface AttemptsPlan {
  /** Starts an exchange over the same inputs. */
  open(): Exchange
  /** The error to report for a failure, which depends on whether a write may have run. */
  judged(error: unknown): MillraceError
  /** At least 1; above 1 only for inputs that can be read again. */
  readonly maxAttempts: number
  readonly clock: Clock
  /** Uniform in [0, 1). */
  random(): number
}

const initialBackoffMs = 500
const backoffMultiplier = 1.5
const maxBackoffMs = 2_000

/** Attempt 2 waits `initial`; attempt n+1 a uniform share of `min(initial × multiplier^(n-1), max)` (jina.md 1.7). */
export function backoffMs(failures: number, random: () => number): number {
  if (failures <= 1) return initialBackoffMs
  return random() * Math.min(initialBackoffMs * backoffMultiplier ** (failures - 1), maxBackoffMs)
}

/**
 * Repeats an exchange that failed with a retryable error before its first answer. Errors of writes that may have run are not
 * retryable. After the first answer there are no more attempts, so no request is answered twice.
 */
export class Attempts {
  readonly #plan: AttemptsPlan
  #exchange: Exchange
  #failures = 0
  #answered = false
  #aborted: { readonly error: MillraceError } | undefined
  #wake: (() => void) | undefined

  constructor(plan: AttemptsPlan) {
    this.#plan = plan
    this.#exchange = plan.open()
  }

  /** True when no request is in flight. */
  get over(): boolean {
    return this.#exchange.over
  }

  async next(): Promise<DataRequest | undefined> {
    for (;;) {
      try {
        const answer = await this.#exchange.next()
        this.#answered = true
        return answer
      } catch (error) {
        const failure = this.#plan.judged(error)
        if (!this.#mayRepeat(failure)) throw failure
        await this.#pause(failure.retryAfterMs ?? 0)
        if (this.#aborted !== undefined) throw this.#aborted.error
        this.#exchange = this.#plan.open()
      }
    }
  }

  abort(error: MillraceError): void {
    if (this.#aborted !== undefined) return
    this.#aborted = { error }
    this.#exchange.abort(error)
    this.#wake?.()
  }

  #mayRepeat({ retryable }: MillraceError): boolean {
    if (this.#answered || this.#aborted !== undefined || !retryable) return false
    this.#failures++
    return this.#failures < this.#plan.maxAttempts
  }

  /** Waits for the backoff, or for as long as the server asked if that is longer. */
  #pause(askedMs: number): Promise<void> {
    const { clock, random } = this.#plan
    const release = holdProcess()
    return new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(askedMs, backoffMs(this.#failures, random)), resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    }).finally(release)
  }
}
