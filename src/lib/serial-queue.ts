/** Runs tasks one at a time, in the order of their arrival. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()
  #open = 0

  /** Whether a task runs or waits. */
  get isBusy(): boolean {
    return this.#open > 0
  }

  /** Runs a task once all earlier tasks have settled. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#open++
    const result = this.#last.then(task).finally(() => this.#open--)
    this.#last = result.catch(() => {})
    return result
  }
}
