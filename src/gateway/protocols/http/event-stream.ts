import type { AbortListener } from '../../../call/cancellation.js'
import type { ItemSink } from '../../../call/items.js'
import { MillraceError } from '../../../errors.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { eventsType, streamEvents } from '../../../wire/gateway-headers.js'
import type { Serving } from '../../serving.js'
import type { Exchange } from './exchange.js'
import { failureBody, statusBody } from './failure.js'
import { documentJson } from './json/document-json.js'
import type { StreamedAnswer } from './streamed-answer.js'

/** Milliseconds between heartbeats, as in Jina (jina.md 4.7). */
const heartbeatMs = 15_000

const headers = {
  'content-type': eventsType,
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no', // nginx would collect events
}

/**
 * The documents of a streaming call as server-sent events (jina.md 4.7; HTML, 9.2): `update` for each document, `end` after
 * the last one, `error` when the call fails; comments are heartbeats. Data is JSON, or, for a request in protobuf, a
 * DataRequestProto in base64.
 *
 * 1. The head is sent with the first document or heartbeat. What the gateway refuses before has an HTTP status.
 * 2. `end` is sent when all documents were; a stream without it is not complete. Jina's client does not know `error`, so that
 *    the connection is cut after it. Answers in protobuf are for Millrace's client, which knows it.
 */
export class EventStream implements ItemSink, AbortListener {
  readonly #exchange: Exchange
  readonly #thread: Serving['json']
  #answer: StreamedAnswer | undefined
  #count = 0
  #cancelHeartbeat = (): void => {}

  /** Large documents become JSON in `thread`. */
  constructor(exchange: Exchange, thread: Serving['json']) {
    this.#exchange = exchange
    this.#thread = thread
    exchange.onAbort(this)
    this.#scheduleHeartbeat()
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    if (this.#exchange.isAnswered) return
    this.#count++
    try {
      this.#open()
      const data = this.#dataOf(item)
      if (!(data instanceof Promise)) return this.#update(data)
      return data
        .then((converted) => this.#update(converted))
        .catch((error: unknown) => this.#exchange.fail(MillraceError.from(error)))
    } catch (error) {
      this.#exchange.fail(MillraceError.from(error))
    }
  }

  /** Ends the stream after the closing answer of the call. */
  close({ status }: DataRequest): void {
    this.abort()
    const exchange = this.#exchange
    if (exchange.isAnswered) return
    this.#open()
    if (status?.code !== 'ERROR')
      return exchange.endStream(Buffer.from(`event: ${streamEvents.end}\r\n\r\n`), { isFailed: false })
    exchange.endStream(this.#failed(statusBody(exchange.subject, status)), { isFailed: true })
  }

  /** The call is aborted. */
  abort(): void {
    this.#cancelHeartbeat()
    this.#exchange.offAbort(this)
  }

  #update(data: string | Uint8Array): void | Promise<void> {
    if (!this.#exchange.isAnswered) return this.#open().write(frame(streamEvents.update, data))
  }

  #open(): StreamedAnswer {
    const { subject } = this.#exchange
    this.#answer ??= this.#exchange.stream({
      headers,
      failure: (error) => this.#failed(failureBody(subject, error).bytes),
      cutsFailures: !subject.isProtobuf,
    })
    return this.#answer
  }

  #failed(body: Buffer): Buffer {
    return frame(streamEvents.error, body.toString(this.#exchange.subject.isProtobuf ? 'base64' : 'utf8'))
  }

  #dataOf(item: DataRequest): string | Uint8Array | Promise<Uint8Array> {
    const exchange = this.#exchange
    if (exchange.subject.isProtobuf) return Buffer.concat(item.encodeParts()).toString('base64')
    return documentJson(item, { account: exchange.account, call: exchange, thread: this.#thread })
  }

  #scheduleHeartbeat(): void {
    const { clock } = this.#exchange
    this.#cancelHeartbeat = clock.after(heartbeatMs, () => {
      if (this.#exchange.isAnswered) return
      const answer = this.#open()
      // while the client has something to read it needs no heartbeat
      if (answer.isTaken) this.#beat(answer)
      this.#scheduleHeartbeat()
    })
  }

  #beat(answer: StreamedAnswer): void {
    try {
      void answer.write(Buffer.from(`: ping - ${new Date(this.#exchange.clock.now()).toISOString()}\r\n\r\n`))
    } catch {
      // no room in the budget: the next document is refused with the reason
    }
  }
}

function frame(event: string, data: string | Uint8Array): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.concat([Buffer.from(`event: ${event}\r\ndata: `), bytes, Buffer.from('\r\n\r\n')])
}
