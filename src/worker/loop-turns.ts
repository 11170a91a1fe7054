import type { Clock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'

export interface LoopTurnsOptions {
  readonly clock: Clock
  /** Milliseconds for which tasks together may hold the event loop before it goes round. */
  readonly holdMs: number
  /** Calls back once the event loop has polled its sockets. */
  readonly yieldToLoop: (wake: () => void) => void
  /** The event loop has gone round; called before a pause ends. */
  onTurn(): void
  /** A pause has ended: tasks may begin again. */
  onResume(): void
}

/** Called by a task between two items, with the promise that it waits for anyway; it waits for the result. */
export type Pace = (room?: void | Promise<void>) => void | Promise<void>

/**
 * The turns of the event loop, between which tasks may hold it.
 *
 * 1. When tasks have held the event loop for `holdMs`, a pause begins. It ends when the loop has gone round once.
 * 2. At most one turn is awaited at a time.
 */
export class LoopTurns {
  readonly #options: LoopTurnsOptions
  #heldMs = 0
  #isPending = false
  #pause: Deferred | undefined

  constructor(options: LoopTurnsOptions) {
    this.#options = options
  }

  /** Whether no task may begin before the event loop has gone round. */
  get isPaused(): boolean {
    return this.#pause !== undefined
  }

  /** A task has held the event loop for so long. */
  held(ms: number): void {
    this.#heldMs += ms
    if (this.#heldMs >= this.#options.holdMs) this.pause()
  }

  pause(): void {
    if (this.#pause !== undefined) return
    this.#pause = deferred()
    this.#heldMs = 0
    this.awaitTurn()
  }

  /** Calls `onTurn` after one turn of the event loop. */
  awaitTurn(): void {
    if (this.#isPending) return
    this.#isPending = true
    this.#options.yieldToLoop(() => {
      this.#isPending = false
      this.#options.onTurn()
      const pause = this.#pause
      if (pause === undefined) return
      this.#pause = undefined
      pause.resolve()
      this.#options.onResume()
    })
  }

  /** The pace of a task that yields items, which begins now: between two items it waits for the end of a pause. */
  pace(): Pace {
    const { clock } = this.#options
    // time spent waiting for an item counts as held, too: it costs a turn of the loop for each item and is harmless
    let began = clock.monotonic()
    return (room) => {
      this.held(clock.monotonic() - began)
      const pause = this.#pause?.promise
      if (room === undefined && pause === undefined) {
        began = clock.monotonic()
        return
      }
      return Promise.all([room, pause]).then(() => {
        began = clock.monotonic()
      })
    }
  }
}

/** Calls back once the event loop has polled its sockets. */
export function turnOfTheLoop(wake: () => void): void {
  // oxlint-disable-next-line no-restricted-globals -- not a timer: it lets sockets be read between handlers
  setImmediate(wake)
}
