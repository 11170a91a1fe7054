import type { Clock } from '../lib/clock.js'
import { Breaker, type BreakerRules } from './breaker.js'

/**
 * How a replica stands: `ready` takes requests; `ejected` failed too often and rests; `probing` may take one at a time to
 * show that it has recovered; `silent` does not answer pings; `lost` has no connection, or has said that it leaves.
 */
export type HealthState = 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'

export interface HealthOptions {
  readonly clock: Clock
  mayEject(): boolean
  changed(): void
  readonly rules?: Partial<BreakerRules>
}

/** Whether a replica may be picked, from all that is known of it: its connection, its pings, its answers. */
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

  /** The connection is gone, or will be soon: for good. */
  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.breaker.close()
    this.#changed()
  }

  /** It does not answer pings, or does again. */
  hear(heard: boolean): void {
    if (this.#silent === !heard) return
    this.#silent = !heard
    this.#changed()
  }
}
