/**
 * What changes a stage on purpose happens one after the other, in the order it was asked for.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()
  #open = 0

  /** Whether something runs or waits. */
  get busy(): boolean {
    return this.#open > 0
  }

  /** Runs `work` after what was asked for before it, however that ended. */
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
