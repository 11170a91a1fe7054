import type { Clock } from '../lib/clock.js'
import type { Window } from './window.js'

export interface BlockingTasksOptions {
  readonly window: Window
  readonly clock: Clock
  /** Calls `grow` after one turn of the event loop. */
  awaitTurn(): void
}

/** When a running task began, and in which round of the event loop. */
export interface TaskStart {
  readonly began: number
  readonly round: number
}

/**
 * Counts running tasks that may still block the event loop, because it has not turned since they began. A task that computes in
 * pieces is counted for the average task time.
 */
export class BlockingTasks {
  readonly #options: BlockingTasksOptions
  readonly #onGrow = new Set<() => void>()
  #count = 0
  /** When the first of them began. */
  #since = 0
  #round = 0
  #isTimerSet = false

  constructor(options: BlockingTasksOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** Calls `listener` when no task is counted any more. Returns a function that removes it. */
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

  /** When blocking and waiting tasks fill the window, schedules a check, so that callers hear when the limit has grown. */
  crowd(waiting: number): void {
    const { window, awaitTurn } = this.#options
    if (this.#count > 0 && this.#count + waiting >= window.size) awaitTurn()
  }

  /** The event loop has turned. */
  grow(): void {
    if (this.#count === 0) return
    const { window, clock, awaitTurn } = this.#options
    const left = this.#since + window.ageMs - clock.monotonic()
    if (left > 0) {
      if (this.#isTimerSet) return
      this.#isTimerSet = true
      clock.after(left, () => {
        this.#isTimerSet = false
        awaitTurn()
      })
      return
    }
    this.#round++
    this.#count = 0
    for (const listener of this.#onGrow) listener()
  }
}
