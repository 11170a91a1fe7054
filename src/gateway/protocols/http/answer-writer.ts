import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Wait } from '../../../budget/progress.js'
import type { Clock } from '../../../lib/clock.js'
import { isHeaderId, requestIdHeader } from './caller.js'

/** Larger answers are written in pieces of this size, so that the client's progress can be measured. */
const pieceBytes = 256 * 1024

/** How long a client that was refused while it sends may go on sending, in milliseconds: it reads the answer meanwhile. */
const lastBytesMs = 1000

type HeaderValue = number | string | string[] | undefined

/** Headers of an answer. */
export type Headers = Readonly<Record<string, HeaderValue>>

/** The request whose answer is written. */
export interface Answered {
  readonly clock: Clock
  /** The id is sent only when it is plain ASCII. */
  readonly subject: { readonly requestId: string }
  /** Whether its connection closes after the requests in flight. */
  readonly isClosing: boolean
}

/** Writes the answer to one HTTP request. */
export class AnswerWriter {
  /** Headers that every answer gets, such as those of CORS. */
  headersAlways: Headers | undefined = undefined
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #answered: Answered

  constructor(message: IncomingMessage, response: ServerResponse, answered: Answered) {
    this.#message = message
    this.#response = response
    this.#answered = answered
  }

  /** Whether an answer was begun, or the client has disconnected. */
  get isGone(): boolean {
    return this.#response.destroyed || this.#response.headersSent
  }

  /** Bytes that the client has to take before more can be sent, as a wait; undefined when there are none. */
  get unsent(): Wait | undefined {
    const { socket, writableLength } = this.#response
    const waiting = socket?.writableLength ?? 0
    if (waiting + writableLength === 0) return undefined
    return { kind: 'taking', count: (socket?.bytesWritten ?? 0) - waiting }
  }

  /** Whether the connection closes after the answer: the gateway closes, or the body of the request has not arrived. */
  get isLast(): boolean {
    return !this.#isWhole || this.#answered.isClosing
  }

  /** Sends the head of an answer whose body the caller writes. */
  begin(headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(200, this.#headersOf(headers))
  }

  /** Sends a whole answer. */
  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    const length = Buffer.byteLength(body)
    const isWhole = this.#isWhole
    this.#response.writeHead(status, this.#headersOf(headers, length))
    if (this.#message.method === 'HEAD') body = ''
    // Node joins a text with the headers; ASCII takes it the least time
    if (isWhole && typeof body === 'string' && length <= pieceBytes)
      return void this.#response.end(body, length === body.length ? 'latin1' : 'utf8')
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    if (isWhole) this.#write(bytes)
    else this.#writeBeforeLastBytes(bytes)
  }

  /** Whether the body of the request has arrived. */
  get #isWhole(): boolean {
    return this.#message.complete || !hasBody(this.#message)
  }

  /** `length`: of the body in bytes; undefined for one in pieces. */
  #headersOf(
    headers: Readonly<Record<string, string>>,
    length?: number,
  ): Record<string, HeaderValue> | string[] {
    const { requestId } = this.#answered.subject
    const own: string[] = []
    if (length !== undefined) own.push('content-length', String(length))
    if (isHeaderId(requestId)) own.push(requestIdHeader, requestId)
    if (this.isLast) own.push('connection', 'close')
    const always = this.headersAlways
    // a list takes less time than an object
    if (always === undefined) {
      for (const name in headers) own.push(name, headers[name]!)
      return own
    }
    const vary = [always.vary, headers.vary].filter((names) => names !== undefined).join(', ')
    const all: Record<string, HeaderValue> = { ...always, ...headers, ...(vary !== '' && { vary }) }
    for (let at = 0; at < own.length; at += 2) all[own[at]!] = own[at + 1]
    return all
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
      const cancel = this.#answered.clock.after(lastBytesMs, end)
      message.once('end', end)
      this.#response.once('close', cancel)
      message.resume()
    })
  }
}

/** Whether a body follows the headers (RFC 9112, 6.3). Node sets `complete` only later, even when there is none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
