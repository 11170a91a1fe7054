import type { Description } from '../call/call.js'
import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import { isWriteByName } from '../wire/write-endpoints.js'

/** The error to report for a failed request to a server that is not asked which of its endpoints write: all of them may. */
export function judgedAsWrite(error: unknown): MillraceError {
  return writeFailure(MillraceError.from(error))
}

/**
 * Caches which endpoints of the server write, so that the client can classify a failed write when the server cannot be reached.
 *
 * 1. The server is asked in parallel with the first request of a connection, which does not wait for the answer.
 * 2. Until the server has answered, any endpoint may write.
 */
export class Knowledge {
  readonly #ask: () => Promise<Description>
  #isAsked = false
  /** Null when the server lists no endpoints; undefined until it has answered. */
  #description: Description | null | undefined

  constructor(ask: () => Promise<Description>) {
    this.#ask = ask
  }

  /** Asks the server once per connection. */
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

  /** Makes the next call ask again, because another server may be at the address. */
  forget(): void {
    this.#isAsked = false
  }

  /** The error to report to the caller: OUTCOME_UNKNOWN if the failed request may have been a write that ran. */
  judged(error: unknown, endpoint: string): MillraceError {
    return this.#mayWrite(endpoint) ? judgedAsWrite(error) : MillraceError.from(error)
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
