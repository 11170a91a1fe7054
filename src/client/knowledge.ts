import type { Description } from '../call/call.js'
import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import { isWriteByName } from '../wire/description.js'

/**
 * What a client knows of the endpoints of its server, to tell what a failure means for a write: the server itself cannot say so
 * when it is gone.
 *
 * 1. The server is asked beside the first request of a connection, which does not wait for the answer.
 * 2. Until the server has answered, any endpoint may write.
 */
export class Knowledge {
  readonly #ask: () => Promise<Description>
  #isAsked = false
  /** Null: the server says nothing of its endpoints. */
  #description: Description | null | undefined

  constructor(ask: () => Promise<Description>) {
    this.#ask = ask
  }

  /** Asks, unless that was done. */
  learn(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    this.#ask().then(
      (description) => {
        this.#description = description.endpoints.length === 0 ? null : description
      },
      () => this.forget(),
    )
  }

  /** Another server may be there now: the next call asks again. */
  forget(): void {
    this.#isAsked = false
  }

  /** The failure of a request to an endpoint, as its caller must be told. */
  judged(error: unknown, endpoint: string): MillraceError {
    const known = MillraceError.from(error)
    return this.#mayWrite(endpoint) ? writeFailure(known) : known
  }

  #mayWrite(endpoint: string): boolean {
    if (this.#description === undefined) return true
    if (this.#description === null) return isWriteByName(endpoint)
    const { endpoints, writeEndpoints } = this.#description
    if (writeEndpoints.includes(endpoint)) return true
    if (endpoints.includes(endpoint)) return false
    return isWriteByName(endpoint) || writeEndpoints.includes('/default')
  }
}
