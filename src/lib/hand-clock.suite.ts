import type { Clock } from './clock.js'

/** A clock that moves only when a test moves it. */
export class HandClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; wake: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Pending timers. */
  get timers(): number {
    return this.#timers.size
  }

  /** Moves the time, and fires the timers that become due, in order. */
  move(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = [...this.#timers].sort((one, two) => one.at - two.at)[0]
      if (next === undefined || next.at > until) break
      this.#timers.delete(next)
      this.#now = next.at
      next.wake()
    }
    this.#now = until
  }
}
