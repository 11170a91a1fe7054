/** Maximum number of bytes of requests to keep; a stream with more in flight is not moved. */
const mostBytes = 64 * 1024 * 1024

/** The requests of one stream without an answer, in order, so that they can be sent to another server. */
export class Unanswered {
  readonly #requests = new Map<string, Uint8Array>()
  #bytes = 0
  #isKnown = true

  sent(id: string, request: Uint8Array): void {
    if (!this.#isKnown) return
    this.#requests.set(id, request)
    this.#bytes += request.length
    if (this.#bytes > mostBytes) this.#forget()
  }

  answered(id: string): void {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    // an answer with an id that was never sent
    if (request === undefined) this.#forget()
    else this.#bytes -= request.length
  }

  /** All unanswered requests; null when they are no longer known. */
  get all(): readonly Uint8Array[] | null {
    return this.#isKnown ? [...this.#requests.values()] : null
  }

  #forget(): void {
    this.#isKnown = false
    this.#requests.clear()
  }
}
