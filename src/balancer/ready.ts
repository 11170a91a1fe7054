/** Whether a replica may be picked at all. Now: connected or not; the place for a breaker. */
export class Readiness {
  #ready = true
  readonly #changed: () => void

  /** `changed` is called when `ready` flips. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get ready(): boolean {
    return this.#ready
  }

  /** The connection is gone for good. */
  lost(): void {
    if (!this.#ready) return
    this.#ready = false
    this.#changed()
  }
}
