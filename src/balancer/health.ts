import type { Clock } from '../lib/clock.js'
import { Breaker, type BreakerRules } from './breaker.js'

/**
 * The state of a replica: `ready` takes requests; `ejected` failed too often and gets none for a while; `probing` gets one
 * at a time to show that it has recovered; `silent` does not answer pings; `lost` has no connection, or has announced that
 * it leaves.
 */
export type HealthState = 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'

export interface HealthOptions {
  readonly clock: Clock
  mayEject(): boolean
  changed(): void
  readonly rules?: Partial<BreakerRules>
}

/** Whether a replica may be picked, according to its connection, its pings and its answers. */
export class Health {
  readonly breaker: Breaker
  readonly #changed: () => void
  #silent = false
  #lost = false

  constructor(options: HealthOptions) {
    this.breaker = new Breaker(options)
    this.#changed = options.changed
  }

  get state(): HealthState {
    if (this.#lost) return 'lost'
    if (this.#silent) return 'silent'
    const { state } = this.breaker
    if (state === 'open') return 'ejected'
    return state === 'probing' ? 'probing' : 'ready'
  }

  /** The connection has closed for good, or is about to. */
  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.breaker.close()
    this.#changed()
  }

  /** Whether the replica answers pings. */
  hear(heard: boolean): void {
    if (this.#silent === !heard) return
    this.#silent = !heard
    this.#changed()
  }
}
