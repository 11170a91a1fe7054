import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from '../../../budget/budget.js'
import type { ProgressRules, Wait } from '../../../budget/progress.js'
import { idleStream, stalledAnswer, stalledRequest } from '../../../budget/refusals.js'
import { reserveAnswer } from '../../../budget/reserve-answer.js'
import { late } from '../../../call/late.js'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../../../lib/deadlines.js'
import { timeoutHeader } from '../../../wire/gateway-headers.js'
import { requestId as newRequestId } from '../../../wire/request-id.js'
import { callerRequestId, callerTimeout, httpCallerHeaders, requestIdHeader } from './caller.js'
import type { HttpConnection, OpenRequest } from './connection.js'
import { failureBody, failureHeaders, type Subject } from './failure.js'
import { statusOf } from './statuses.js'
import { StreamedAnswer } from './streamed-answer.js'

/** Larger answers are written in pieces of this size, so that the client's progress can be measured. */
const pieceBytes = 256 * 1024

/** How long a client that was refused while it sends may go on sending, in milliseconds: it reads the answer meanwhile. */
const lastBytesMs = 1000

export interface ExchangeOptions {
  readonly clock: Clock
  readonly connection: HttpConnection
  readonly account: Account
  readonly maxMessageBytes: number
  /** Milliseconds for the request, unless its client sets less; null for no limit. */
  readonly timeoutMs: number | null
}

/** An answer that is sent piece by piece. */
export interface StreamForm {
  readonly headers: Readonly<Record<string, string>>
  /** The last piece of an answer that fails. */
  failure(error: MillraceError): Buffer
  /** Whether the connection is cut after a failure, for clients that would take the answer for complete. */
  readonly cutsFailures: boolean
}

export interface FailureOptions {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The server side of one HTTP request.
 *
 * 1. It is answered once: by `answer`, `endStream`, `fail`, its deadline, or not at all because the client disconnects; later
 *    calls do nothing.
 * 2. `fail`, the deadline and a disconnect also abort everything below it.
 * 3. The account holds the body until the answer is written; the answer is reserved until the client has taken it.
 */
export class Exchange extends Scope implements Timed, OpenRequest {
  watched: Watched | undefined = undefined
  readonly account: Account
  readonly subject: Subject
  /** Bytes of the body that have arrived. */
  received = 0
  #isReading = false
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #connection: HttpConnection
  readonly clock: Clock
  readonly #deadlines: Deadlines
  readonly #maxMessageBytes: number
  /** The Flow's own limit in milliseconds, if it is shorter than the client's; otherwise null. */
  readonly #limitMs: number | null
  #isAnswered = false
  #reservedAnswer = 0
  #streamed: { readonly answer: StreamedAnswer; readonly form: StreamForm } | undefined
  #headersAlways: Readonly<Record<string, number | string | string[] | undefined>> = {}

  constructor(message: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    const { clock, connection, account, timeoutMs } = options
    const asked = callerTimeout(message.headers)
    const isLimited = timeoutMs !== null && timeoutMs < asked
    super(
      clock.now() + (isLimited ? timeoutMs : asked),
      httpCallerHeaders(message.headers),
      connection.sender,
    )
    this.account = account
    this.memory = account
    this.#message = message
    this.#response = response
    this.#connection = connection
    this.clock = clock
    this.#deadlines = deadlinesOf(clock)
    this.#maxMessageBytes = options.maxMessageBytes
    this.#limitMs = isLimited ? timeoutMs : null
    this.subject = {
      requestId: callerRequestId(message.headers) ?? newRequestId(),
      endpoint: '',
      targetExecutor: '',
      isProtobuf: false,
    }
    connection.enter(this)
    response.once('close', () => this.closed())
    if (Number.isNaN(asked)) {
      const what = `The header ${timeoutHeader} must be a number of milliseconds, not '${String(message.headers[timeoutHeader])}'.`
      this.fail(new MillraceError('INVALID_INPUT', what, { notRun: true }), { status: 400 })
    } else this.#deadlines.watch(this)
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Headers that every answer gets, such as those of CORS. */
  set headersAlways(headers: Readonly<Record<string, number | string | string[] | undefined>>) {
    this.#headersAlways = headers
  }

  /** While the body is read, the client is expected to send. */
  set isReading(isReading: boolean) {
    this.#isReading = isReading
  }

  /** What the server waits for from the client, with a count that grows as the client makes progress. */
  get wait(): Wait {
    const { socket } = this.#response
    const unsent = (socket?.writableLength ?? 0) + this.#response.writableLength
    if (unsent > 0)
      return { kind: 'taking', count: (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0) }
    if (this.#isAnswered) return { kind: 'leaving', count: 0 }
    return this.#isReading ? { kind: 'sending', count: this.received } : { kind: 'nothing', count: 0 }
  }

  stuck({ kind, count }: Wait, rules: ProgressRules): void {
    switch (kind) {
      case 'sending':
        return this.fail(stalledRequest(count, rules))
      case 'idle':
        return this.fail(idleStream(rules))
      case 'taking':
      case 'leaving':
        this.abort(stalledAnswer(rules))
        return this.#connection.destroy()
      case 'nothing':
        return // it is not the client's turn
    }
  }

  /** Sends the answer. */
  answer(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    if (this.#isAnswered || this.#isGone) return
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.account.close()
    if (!this.#fits(bytes.length)) return
    this.#finish()
    this.#send(status, headers, bytes)
  }

  /** Sends the head of an answer whose body is written piece by piece. Only for a request that is not answered. */
  stream(form: StreamForm): StreamedAnswer {
    const options = { holding: this.#connection.share, most: this.#maxMessageBytes }
    const answer = new StreamedAnswer(this.#response, options)
    this.#streamed = { answer, form }
    this.#response.writeHead(200, this.#headersOf(form.headers))
    return answer
  }

  /** Ends an answer that was begun by `stream`. One that failed may be cut off after the last piece. */
  endStream(last: Buffer, { isFailed }: { readonly isFailed: boolean }): void {
    if (this.#isAnswered || this.#streamed === undefined) return
    this.#finish()
    const { answer, form } = this.#streamed
    if (isFailed && form.cutsFailures) answer.cutAfter(last, () => this.#connection.end())
    else answer.end(last)
  }

  /** Sends an error. Default status: that of its code. A streamed answer ends with the last piece of its form. */
  fail(error: MillraceError, { status = statusOf(error), headers = {} }: FailureOptions = {}): void {
    if (this.#isAnswered) return
    if (this.#streamed !== undefined) this.endStream(this.#streamed.form.failure(error), { isFailed: true })
    this.#finish()
    this.abort(error)
    if (this.#isGone) return
    const { type, bytes } = failureBody(this.subject, error)
    this.#send(status, { 'content-type': type, ...failureHeaders(error, status), ...headers }, bytes)
  }

  expire(): void {
    this.fail(
      this.#limitMs === null
        ? new MillraceError('DEADLINE_EXCEEDED', 'The time that the client allows has passed.')
        : late(this.#limitMs),
    )
  }

  /** The client has disconnected, or has the whole answer. */
  closed(): void {
    this.#connection.left(this)
    this.#connection.share.release(this.#reservedAnswer)
    this.#reservedAnswer = 0
    this.#streamed?.answer.closed()
    if (this.#isAnswered) return
    this.#finish()
    this.abort(new MillraceError('CANCELLED', 'The client went away.'))
  }

  get #isGone(): boolean {
    return this.#response.destroyed || this.#response.headersSent
  }

  #fits(bytes: number): boolean {
    const refusal = reserveAnswer(this.#connection.share, bytes, { most: this.#maxMessageBytes })
    if (refusal !== undefined) {
      this.fail(refusal)
      return false
    }
    this.#reservedAnswer = bytes
    return true
  }

  #send(status: number, headers: Readonly<Record<string, string>>, bytes: Buffer): void {
    this.#response.writeHead(status, { ...this.#headersOf(headers), 'content-length': bytes.length })
    if (this.#message.method === 'HEAD') bytes = bytes.subarray(0, 0)
    if (this.#isWhole) this.#write(bytes)
    else this.#writeBeforeLastBytes(bytes)
  }

  /** Whether the body of the request has arrived. */
  get #isWhole(): boolean {
    return this.#message.complete || !hasBody(this.#message)
  }

  #headersOf(
    headers: Readonly<Record<string, string>>,
  ): Record<string, number | string | string[] | undefined> {
    const isLast = !this.#isWhole || this.#connection.isClosing
    return {
      ...this.#headersAlways,
      ...headers,
      [requestIdHeader]: this.subject.requestId,
      ...(isLast && { connection: 'close' }),
    }
  }

  /** In pieces, each after the client has taken the ones before. */
  #write(bytes: Buffer, end: () => void = () => this.#response.end()): void {
    const response = this.#response
    if (bytes.length <= pieceBytes) {
      response.write(bytes)
      return end()
    }
    if (response.write(bytes.subarray(0, pieceBytes))) return this.#write(bytes.subarray(pieceBytes), end)
    response.once('drain', () => this.#write(bytes.subarray(pieceBytes), end))
  }

  /** The client still sends: closing the connection now would reset it, and the client would not get the answer. */
  #writeBeforeLastBytes(bytes: Buffer): void {
    const message = this.#message
    this.#write(bytes, () => {
      const end = (): void => {
        cancel()
        this.#response.end()
      }
      const cancel = this.clock.after(lastBytesMs, end)
      message.once('end', end)
      this.#response.once('close', cancel)
      message.resume()
    })
  }

  #finish(): void {
    this.#isAnswered = true
    this.#deadlines.unwatch(this)
    this.account.close()
  }
}

/** Whether a body follows the headers (RFC 9112, 6.3). Node sets `complete` only later, even when there is none. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
