import { deferred } from '../lib/deferred.js'

/** Whether the gateway takes requests, for the health service of each protocol: from `start` until `stop`. */
export class ServingState {
  #state: 'starting' | 'serving' | 'stopped' = 'starting'
  #change = deferred()

  get isServing(): boolean {
    return this.#state === 'serving'
  }

  /** Whether that is final. */
  get isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#change.promise
  }

  start(): void {
    if (this.#state === 'starting') this.#become('serving')
  }

  stop(): void {
    this.#become('stopped')
  }

  #become(state: 'serving' | 'stopped'): void {
    this.#state = state
    const change = this.#change
    this.#change = deferred()
    change.resolve()
  }
}
