import type { ServerResponse } from 'node:http'
import type { Holding } from '../../../budget/budget.js'
import { reserveAnswer } from '../../../budget/reserve-answer.js'
import type { MillraceError } from '../../../errors.js'
import { type Deferred, deferred } from '../../../lib/deferred.js'

export interface StreamedAnswerOptions {
  readonly holding: Pick<Holding, 'reserve' | 'release' | 'explain'>
  /** Most bytes of one piece (maxMessageBytes). */
  readonly most: number
}

/** How an answer is sent piece by piece. */
export interface StreamForm {
  readonly headers: Readonly<Record<string, string>>
  /** The last piece of an answer that fails. */
  failure(error: MillraceError): Buffer
  /** Whether the connection is cut after a failure, for clients that would take the answer for complete. */
  readonly cutsFailures: boolean
}

/** Larger pieces are written in parts of this size, so that the client's progress can be measured. */
const partBytes = 256 * 1024

/**
 * The body of an answer that is written piece by piece, after its head.
 *
 * 1. A piece stays reserved until the system has taken it, or the response is closed.
 * 2. Pieces are written whole and in order, also before a last one that ends the answer early.
 * 3. A writer that waits for room goes on when there is some, and when the answer ends, in whatever way.
 */
export class StreamedAnswer {
  readonly #response: ServerResponse
  readonly #options: StreamedAnswerOptions
  readonly #parts: Buffer[] = []
  #isBlocked = false
  #reserved = 0
  #room: Deferred | undefined
  /** Ends the answer after the last part. */
  #finish: (() => void) | undefined

  constructor(response: ServerResponse, options: StreamedAnswerOptions) {
    this.#response = response
    this.#options = options
    response.on('drain', () => {
      this.#isBlocked = false
      this.#writeParts()
    })
  }

  /** Whether the client has taken everything that was written. */
  get isTaken(): boolean {
    return this.#reserved === 0
  }

  /**
   * Writes a piece. Returns a promise when no more should be written before it resolves. Throws RESOURCE_EXHAUSTED for a piece
   * that is too large, and when there is no room.
   */
  write(piece: Buffer): void | Promise<void> {
    const { holding, most } = this.#options
    const refusal = reserveAnswer(holding, piece.length, { most })
    if (refusal !== undefined) throw refusal
    this.#reserved += piece.length
    this.#add(piece)
    if (!this.#isBlocked) return
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** Ends the body with a last piece. */
  end(last: Buffer): void {
    this.#finish = () => this.#response.end()
    this.#add(last)
    this.#resume()
  }

  /** Writes the last piece of a body that is not complete, then calls `cut`. */
  cutAfter(last: Buffer, cut: () => void): void {
    this.#finish = () => this.#response.write('', cut)
    this.#add(last)
    this.#resume()
  }

  /** The response is closed. */
  closed(): void {
    this.#parts.length = 0
    this.#release(this.#reserved)
    this.#resume()
  }

  #add(piece: Buffer): void {
    for (let at = 0; at < piece.length; at += partBytes) this.#parts.push(piece.subarray(at, at + partBytes))
    this.#writeParts()
  }

  #writeParts(): void {
    while (!this.#isBlocked) {
      const part = this.#parts.shift()
      if (part === undefined) break
      this.#isBlocked = !this.#response.write(part, () => this.#release(part.length))
    }
    if (this.#parts.length > 0) return
    if (!this.#isBlocked) this.#resume()
    this.#finish?.()
    this.#finish = undefined
  }

  #release(bytes: number): void {
    const released = Math.min(bytes, this.#reserved) // last pieces are not reserved, and parts come late after `closed`
    this.#reserved -= released
    this.#options.holding.release(released)
  }

  #resume(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}
