import type { Pool } from '../balancer/pool.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { Clock } from '../lib/clock.js'
import type { Channel } from '../transport/transport.js'

/** Milliseconds between two checks. */
const everyMs = 1000

export interface LivenessOptions {
  /** Milliseconds without an answer to a ping after which a replica is silent. */
  readonly silentMs: number
  readonly clock: Clock
  /** Called at every check while a replica is silent. */
  onSilent(pod: string, silentMs: number): void
}

/**
 * Pings the replicas of one stage. A replica that does not answer for `silentMs` gets no requests while there are others: its
 * event loop is blocked, because it computes, is stopped, or hangs. Which of these it is can only be seen from outside its
 * process, by the owner of that process. Its answer has what it measured of its batches, for the status.
 *
 * A late check shows that this thread itself was blocked; then the time without an answer starts again.
 */
export class Liveness {
  readonly #pool: Pool
  readonly #options: LivenessOptions
  readonly #asked = new Map<Channel, number>()
  #cancel: () => void
  #lookedAt: number

  constructor(pool: Pool, options: LivenessOptions) {
    this.#pool = pool
    this.#options = options
    this.#lookedAt = options.clock.monotonic()
    this.#cancel = options.clock.after(everyMs, () => this.#look())
  }

  close(): void {
    this.#cancel()
  }

  #look(): void {
    const { clock, silentMs, onSilent } = this.#options
    const now = clock.monotonic()
    const heldUp = now - this.#lookedAt > 2 * everyMs
    this.#lookedAt = now
    for (const { name, channel, health } of this.#pool.endpoints.all()) {
      const askedAt = this.#asked.get(channel)
      if (askedAt === undefined) this.#ask(channel, now)
      else if (heldUp) this.#asked.set(channel, now)
      else if (now - askedAt >= silentMs) {
        health.hear(false)
        onSilent(name, now - askedAt)
      }
    }
    this.#cancel = clock.after(everyMs, () => this.#look())
  }

  #ask(channel: Channel, now: number): void {
    this.#asked.set(channel, now)
    const done = (batches?: readonly BatchFigures[]): void => {
      this.#asked.delete(channel)
      const endpoint = this.#pool.endpoints.all().find((each) => each.channel === channel)
      if (endpoint === undefined) return
      endpoint.health.hear(true)
      if (batches !== undefined) endpoint.batches = batches
    }
    channel.ping().then(done, () => done()) // the channel itself reports a lost connection
  }
}
