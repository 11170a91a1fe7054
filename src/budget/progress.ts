/**
 * What the gateway is waiting for a client to do on one call: send the rest of a message (`sending`), send the next message of
 * a stream (`idle`), read answers (`taking`), half-close a call that was answered (`leaving`); or nothing.
 */
export interface Wait {
  readonly kind: 'sending' | 'idle' | 'taking' | 'leaving' | 'nothing'
  /** Grows with the client's progress: bytes, or messages for `idle`. */
  readonly count: number
}

export interface ProgressRules {
  /** Milliseconds in which the client must make progress. */
  readonly stallMs: number
  /** Milliseconds in which the next message of a stream must arrive. Null for no limit. */
  readonly idleMs: number | null
  /** Milliseconds in which one request must arrive completely, however steadily it arrives. Null for no limit. */
  readonly sendingMs: number | null
}

/** A slower transfer counts as stalled. */
export const slowestBytesPerSecond = 1024

interface Mark extends Wait {
  /** When the count was taken. */
  readonly at: number
  /** When this kind of wait began. */
  readonly began: number
}

/**
 * Detects stalled calls by periodic checks: a call is stuck when its client makes progress of less than 1024 bytes a second.
 * Calls that end between two checks cost nothing.
 */
export class Progress {
  readonly #rules: ProgressRules
  #mark: Mark

  constructor(rules: ProgressRules, wait: Wait, now: number) {
    this.#rules = rules
    this.#mark = { ...wait, at: now, began: now }
  }

  /** How long the client has made no progress, and whether that is too long. `now` in monotonic milliseconds. */
  look(wait: Wait, now: number): { readonly stalledMs: number; readonly isStuck: boolean } {
    const mark = this.#mark
    if (wait.kind !== mark.kind) {
      this.#mark = { ...wait, at: now, began: now }
      return { stalledMs: 0, isStuck: false }
    }
    const limitMs = this.#limitOf(wait)
    const stalledMs = now - mark.at
    const isLate = this.#isLate(wait, now - mark.began)
    if (stalledMs < limitMs) return { stalledMs: wait.count > mark.count ? 0 : stalledMs, isStuck: isLate }
    if (wait.count - mark.count < this.#progressNeeded(wait)) return { stalledMs, isStuck: true }
    this.#mark = { ...wait, at: now, began: mark.began }
    return { stalledMs: 0, isStuck: isLate }
  }

  #limitOf({ kind }: Wait): number {
    switch (kind) {
      case 'nothing':
        return Number.POSITIVE_INFINITY
      case 'idle':
        return this.#rules.idleMs ?? Number.POSITIVE_INFINITY
      default:
        return this.#rules.stallMs
    }
  }

  #progressNeeded({ kind }: Wait): number {
    return kind === 'idle' ? 1 : (this.#rules.stallMs / 1000) * slowestBytesPerSecond
  }

  #isLate({ kind }: Wait, lastedMs: number): boolean {
    const { sendingMs } = this.#rules
    return kind === 'sending' && sendingMs !== null && lastedMs >= sendingMs
  }
}
