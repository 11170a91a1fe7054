/**
 * Runs changes of a stage one at a time, in the order of the calls.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()
  #open = 0

  /** True while a change runs or waits. */
  get busy(): boolean {
    return this.#open > 0
  }

  /** Runs `work` after all earlier calls have settled. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    this.#open++
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#open--
    }
  }
}
