import type { IncomingMessage } from 'node:http'
import { Document, DocumentArray } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { eventsType } from '../../../wire/gateway-headers.js'
import type { Serving } from '../../serving.js'
import { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'

/** Whether the client asks for server-sent events. */
export function asksForEvents({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes(eventsType) === true
}

/** The refusal of a client that wants to resume a stream: events have no ids. */
export function resumption({ headers }: IncomingMessage): MillraceError | undefined {
  if (headers['last-event-id'] === undefined) return undefined
  const what =
    'A stream cannot be resumed: its events have no ids, and the documents that were sent are not kept. Send the request again without the header last-event-id.'
  return new MillraceError('UNSUPPORTED', what, { notRun: true })
}

/** Sends the document of a request through the Flow, and each document that it yields to the client as an event. */
export function streamAnswer({ handle, json }: Serving, exchange: Exchange, request: DataRequest): void {
  const count = request.peekDocCount()
  if (count > 1) {
    const what = `A stream takes one document, and the request has ${count}.`
    return exchange.fail(new MillraceError('INVALID_INPUT', what, { notRun: true }))
  }
  if (count === 0) request.docs = new DocumentArray([new Document()])
  const events = new EventStream(exchange, json)
  exchange.items = events
  exchange.isHandled = true
  handle(request, exchange)
    .then((closing) => events.close(closing))
    .catch((error: unknown) => exchange.fail(MillraceError.from(error)))
}
