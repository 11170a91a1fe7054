/** Bytes of requests that are kept; a stream with more under way is not moved. */
const mostBytes = 64 * 1024 * 1024

/** The requests of one stream that have no answer yet, in order, so that another server can get them. */
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
    // somebody else's, or an answer under a name of its own
    if (request === undefined) this.#forget()
    else this.#bytes -= request.length
  }

  /** Null when it is not known which they are. */
  get all(): readonly Uint8Array[] | null {
    return this.#isKnown ? [...this.#requests.values()] : null
  }

  #forget(): void {
    this.#isKnown = false
    this.#requests.clear()
  }
}
