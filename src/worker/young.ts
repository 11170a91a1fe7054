import type { Clock } from '../lib/clock.js'
import type { Window } from './window.js'

export interface YoungOptions {
  readonly window: Window
  readonly clock: Clock
  /** Calls `grow` after one turn of the event loop. */
  goRound(): void
}

/** When a running task began, and in which round of the event loop. */
export interface TaskStart {
  readonly began: number
  readonly round: number
}

/**
 * Counts young tasks: running tasks that may still hold the event loop, because it has not turned since they began. A task
 * that computes in pieces stays young for the average task time.
 */
export class Young {
  readonly #options: YoungOptions
  readonly #onGrow = new Set<() => void>()
  #count = 0
  /** When the first young task began. */
  #since = 0
  #round = 0
  #ageing = false

  constructor(options: YoungOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** Calls `listener` when no task is young any more. Returns a function that removes it. */
  onGrow(listener: () => void): () => void {
    this.#onGrow.add(listener)
    return () => void this.#onGrow.delete(listener)
  }

  enter(began: number): TaskStart {
    if (this.#count++ === 0) this.#since = began
    return { began, round: this.#round }
  }

  leave({ round }: TaskStart): void {
    if (round === this.#round) this.#count--
  }

  /** When young and waiting tasks fill the window, schedules a check, so that callers hear when the limit has grown. */
  crowd(waiting: number): void {
    const { window, goRound } = this.#options
    if (this.#count > 0 && this.#count + waiting >= window.size) goRound()
  }

  /** The event loop has turned. */

  grow(): void {
    if (this.#count === 0) return
    const { window, clock, goRound } = this.#options
    const left = this.#since + window.ageMs - clock.monotonic()
    if (left > 0) {
      if (this.#ageing) return
      this.#ageing = true
      clock.after(left, () => {
        this.#ageing = false
        goRound()
      })
      return
    }
    this.#round++
    this.#count = 0
    for (const listener of this.#onGrow) listener()
  }
}
