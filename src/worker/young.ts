import type { Clock } from '../lib/clock.js'
import type { Window } from './window.js'

export interface YoungOptions {
  readonly window: Window
  readonly clock: Clock
  /** Has `grow` called once the event loop has gone round. */
  goRound(): void
}

/** Of a task that runs: when it began, and in which round. */
export interface Place {
  readonly began: number
  readonly round: number
}

/**
 * The tasks that run and may still hold the event loop: those that began since it has last gone round. One that computes in
 * pieces is young for as long as a task takes of the loop.
 */
export class Young {
  readonly #options: YoungOptions
  readonly #onGrow = new Set<() => void>()
  #count = 0
  /** When the first of them began. */
  #since = 0
  #round = 0
  #ageing = false

  constructor(options: YoungOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** Calls back when there are none any more, and so room for others. Gives what ends that. */
  onGrow(listener: () => void): () => void {
    this.#onGrow.add(listener)
    return () => void this.#onGrow.delete(listener)
  }

  enter(began: number): Place {
    if (this.#count++ === 0) this.#since = began
    return { began, round: this.#round }
  }

  leave({ round }: Place): void {
    if (round === this.#round) this.#count--
  }

  /** With so many others that wait the window is full: callers believe that there is no room, and hear when there is. */
  crowd(waiting: number): void {
    const { window, goRound } = this.#options
    if (this.#count > 0 && this.#count + waiting >= window.size) goRound()
  }

  /** The event loop has gone round. */
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
