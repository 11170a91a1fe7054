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
import { requestId as newRequestId } from '../../../wire/request-id.js'
import type { Client } from '../../callers/clients.js'
import type { CompressionRules } from '../../http-rules.js'
import { acceptedEncoding } from './accepted-encoding.js'
import { AnswerWriter, type Headers } from './answer-writer.js'
import { refusalOfLength, refusalOfPart } from './body-limits.js'
import { badTimeout, callerRequestId, callerTimeout, httpCallerHeaders } from './caller.js'
import { codings, compress } from './compress.js'
import type { HttpConnection, OpenRequest } from './connection.js'
import { failureBody, failureHeaders, type FailureOptions, type Subject } from './failure.js'
import { ForeignAnswer, type Hijackable } from './foreign-answer.js'
import { statusOf } from './statuses.js'
import { StreamedAnswer, type StreamForm } from './streamed-answer.js'

export interface ExchangeOptions {
  readonly clock: Clock
  readonly connection: HttpConnection
  readonly client: Client
  readonly account: Account
  readonly maxMessageBytes: number
  /** Null: answers are not compressed. */
  readonly compression: CompressionRules | null
  /** Milliseconds for the request, unless its client sets less; null for no limit. */
  readonly timeoutMs: number | null
  /** Told when the request ends without having got to the Flow. */
  readonly onRefused: OnRefused | undefined
  /** Told when a route of the user's has answered, with the status. */
  readonly onAnswered?: OnAnswered | undefined
}

/** Told of the answer of a route of the user's. */
export type OnAnswered = (exchange: Exchange, status: number) => void

/** Told of the refusal of a request, and of its status. */
export type OnRefused = (exchange: Exchange, error: MillraceError, status: number) => void

/**
 * The server side of one HTTP request.
 *
 * 1. It is answered once: by `answer`, `endStream`, `fail`, its deadline, by Fastify after `leaveTo`, or not at all because the
 *    client disconnects; later calls do nothing.
 * 2. `fail`, the deadline and a disconnect also abort everything below it.
 * 3. The account holds the body until the answer is written; the answer is reserved until the client has taken it.
 */
export class Exchange extends Scope implements Timed, OpenRequest {
  watched: Watched | undefined = undefined
  readonly account: Account
  /** Of the client, without port. */
  readonly address: string
  readonly subject: Subject
  /** Bytes of the body that have arrived. */
  received = 0
  /** Whether the request has got to the Flow, which then observes it. */
  isHandled = false
  #isReading = false
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #connection: HttpConnection
  readonly clock: Clock
  readonly #deadlines: Deadlines
  readonly #maxMessageBytes: number
  readonly #compression: CompressionRules | null
  /** The Flow's own limit in milliseconds, if it is shorter than the client's; otherwise null. */
  readonly #limitMs: number | null
  readonly #onRefused: OnRefused | undefined
  readonly #onAnswered: OnAnswered | undefined
  readonly #writer: AnswerWriter
  /** Monotonic milliseconds. */
  readonly began: number
  #isAnswered = false
  #reservedAnswer = 0
  #streamed: { readonly answer: StreamedAnswer; readonly form: StreamForm } | undefined
  #foreign: ForeignAnswer | undefined

  constructor(message: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    const { clock, connection, client, account, timeoutMs } = options
    const asked = callerTimeout(message.headers)
    const isLimited = timeoutMs !== null && timeoutMs < asked
    super(clock.now() + (isLimited ? timeoutMs : asked), httpCallerHeaders(message.headers), client.sender)
    this.address = client.address
    this.account = account
    this.memory = account
    this.#message = message
    this.#response = response
    this.#connection = connection
    this.clock = clock
    this.began = clock.monotonic()
    this.#onRefused = options.onRefused
    this.#onAnswered = options.onAnswered
    this.#writer = new AnswerWriter(message, response, this)
    this.#deadlines = deadlinesOf(clock)
    this.#maxMessageBytes = options.maxMessageBytes
    this.#compression = options.compression
    this.#limitMs = isLimited ? timeoutMs : null
    this.subject = {
      requestId: callerRequestId(message.headers) ?? newRequestId(),
      endpoint: '',
      targetExecutor: '',
      isProtobuf: false,
    }
    connection.enter(this)
    response.once('close', () => this.closed())
    if (Number.isNaN(asked)) this.fail(badTimeout(message.headers), { status: 400 })
    else this.#deadlines.watch(this)
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Headers that every answer gets, such as those of CORS. */
  set headersAlways(headers: Headers) {
    this.#writer.headersAlways = headers
  }

  /** Whether its connection closes after the requests in flight. */
  get isClosing(): boolean {
    return this.#connection.isClosing
  }

  /** Whether the connection closes after the answer. */
  get isLast(): boolean {
    return this.#writer.isLast
  }

  /** While the body is read, the client is expected to send. */
  set isReading(isReading: boolean) {
    this.#isReading = isReading
  }

  /** What the server waits for from the client, with a count that grows as the client makes progress. */
  get wait(): Wait {
    const { unsent } = this.#writer
    if (unsent !== undefined) return unsent
    if (this.#isAnswered) return { kind: 'leaving', count: 0 }
    if (this.#foreign !== undefined) return this.#foreign.wait(this.received)
    return this.#isReading ? { kind: 'sending', count: this.received } : { kind: 'nothing', count: 0 }
  }

  stuck({ kind, count }: Wait, rules: ProgressRules): void {
    switch (kind) {
      case 'sending':
        return this.fail(stalledRequest(count, rules), { status: 408 })
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

  /** Sends the answer, compressed if the client accepts that. */
  answer(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    if (this.#isAnswered || this.#writer.isGone) return
    const length = Buffer.byteLength(body)
    this.account.close()
    if (!this.#fits(length)) return
    if (this.#compression === null || length < this.#compression.minBytes) {
      return this.#sendAnswer(status, headers, body)
    }
    this.#sendCompressed(status, { ...headers, vary: 'accept-encoding' }, body)
  }

  #sendCompressed(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const coding = acceptedEncoding(this.#message.headers['accept-encoding']?.toString(), codings)
    const { share } = this.#connection
    // without room for both, the answer is sent as it is
    if (coding === null || !share.reserve(bytes.length)) return this.#sendAnswer(status, headers, bytes)
    void compress(bytes, coding).then((compressed) => {
      share.release(bytes.length)
      if (this.#isAnswered || this.#writer.isGone) return
      if (compressed === null) return this.#sendAnswer(status, headers, bytes)
      share.release(bytes.length - compressed.length)
      this.#reservedAnswer = compressed.length
      this.#sendAnswer(status, { ...headers, 'content-encoding': coding }, compressed)
    })
  }

  #sendAnswer(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    this.#finish()
    this.#writer.send(status, headers, body)
  }

  /**
   * Leaves the answer to Fastify. The body that arrives is counted in the account, and refused beyond `maxMessageBytes` (413)
   * or without room (429). The deadline and `fail` still hold: they send an error, or cut an answer that was begun.
   */
  leaveTo(reply: Hijackable): void {
    const arrived = (bytes: number): boolean => {
      if (this.#isAnswered) return true // the route has answered, and Node drops the rest
      this.received += bytes
      const refusal = refusalOfPart(this, bytes, this.#maxMessageBytes)
      if (refusal === undefined) return true
      this.fail(refusal.error, refusal)
      return false
    }
    this.#foreign = new ForeignAnswer(this.#message, this.#response, { reply, arrived })
    const tooLong = refusalOfLength(this.#message, this.#maxMessageBytes)
    if (tooLong !== undefined) this.fail(tooLong.error, tooLong)
  }

  /** Ends `leaveTo`: Fastify sends nothing more. False when the answer was not left to it. */
  takeBack(): boolean {
    if (this.#foreign === undefined) return false
    this.#foreign.takeOver()
    this.#foreign = undefined
    return true
  }

  /** Reserves an answer that Fastify sends, until the client has taken it. False when it was refused. */
  reserveAnswer(bytes: number): boolean {
    return !this.#isAnswered && this.#fits(bytes)
  }

  /** Sends the head of an answer whose body is written piece by piece. Only for a request that is not answered. */
  stream(form: StreamForm): StreamedAnswer {
    const options = { holding: this.#connection.share, most: this.#maxMessageBytes }
    const answer = new StreamedAnswer(this.#response, options)
    this.#streamed = { answer, form }
    this.#writer.begin(form.headers)
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
    if (!this.isHandled) this.#onRefused?.(this, error, status)
    if (this.#foreign?.isCut === true) return this.#connection.destroy()
    if (this.#writer.isGone) return
    this.takeBack()
    const { type, bytes } = failureBody(this.subject, error)
    this.#writer.send(status, { 'content-type': type, ...failureHeaders(error, status), ...headers }, bytes)
  }

  expire(): void {
    const error =
      this.#limitMs === null
        ? new MillraceError('DEADLINE_EXCEEDED', 'The time that the client allows has passed.')
        : late(this.#limitMs)
    this.fail(error, (this.#foreign ?? { isReading: this.#isReading }).isReading ? { status: 408 } : {})
  }

  /** The client has disconnected, or has the whole answer. */
  closed(): void {
    this.#connection.left(this)
    this.#connection.share.release(this.#reservedAnswer)
    this.#reservedAnswer = 0
    this.#streamed?.answer.closed()
    if (this.#isAnswered) return
    this.#finish()
    if (this.#foreign?.isSent === true) {
      this.abort(new MillraceError('CANCELLED', 'The request was answered.'))
      return this.#onAnswered?.(this, this.#foreign.status)
    }
    const error = new MillraceError('CANCELLED', 'The client went away.')
    this.abort(error)
    if (!this.isHandled) this.#onRefused?.(this, error, statusOf(error))
  }

  #fits(bytes: number): boolean {
    const refusal = reserveAnswer(this.#connection.share, bytes, { most: this.#maxMessageBytes })
    if (refusal !== undefined) {
      this.fail(refusal)
      return false
    }
    this.#reservedAnswer += bytes
    return true
  }

  #finish(): void {
    this.#isAnswered = true
    this.#deadlines.unwatch(this)
    this.account.close()
  }
}
