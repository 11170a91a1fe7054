/**
 * What is waited for from a client, on one call: the rest of a message, the next message of a stream, that it takes answers,
 * that it ends its side of a call that was answered; or nothing.
 */
export interface Wait {
  readonly kind: 'sending' | 'idle' | 'taking' | 'leaving' | 'nothing'
  /** Grows with what the client does. */
  readonly count: number
}

export interface ProgressRules {
  /** Milliseconds in which something must happen. */
  readonly stallMs: number
  /** The same, for the next message of a stream. Null for no limit. */
  readonly idleMs: number | null
  /** Milliseconds for one request to come, however steadily. Null for no limit. */
  readonly sendingMs: number | null
}

/** Bytes a second that count as progress. */
export const slowestBytesPerSecond = 1024

interface Mark extends Wait {
  /** When the count was taken. */
  readonly at: number
  /** When this kind of wait began. */
  readonly began: number
}

/**
 * Whether a call is stuck, looked at now and then: a wait that lasts with less than 1024 bytes a second of progress. Calls
 * that end between two looks cost nothing.
 */
export class Progress {
  readonly #rules: ProgressRules
  #mark: Mark

  constructor(rules: ProgressRules, wait: Wait, now: number) {
    this.#rules = rules
    this.#mark = { ...wait, at: now, began: now }
  }

  /** How long nothing has happened, and whether that is too long. `now` in monotonic milliseconds. */
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
