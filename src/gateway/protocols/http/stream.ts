import type { IncomingMessage } from 'node:http'
import { Document, DocumentArray } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { eventsType } from '../../../wire/gateway-headers.js'
import { parseJson } from '../../../wire/json/parse.js'
import type { Serving } from '../../serving.js'
import { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'

/** Fields of a document, and of the request, that are texts; others are JSON in a query. */
const texts: ReadonlySet<string> = new Set([
  'id',
  'parent_id',
  'text',
  'blob',
  'uri',
  'mime_type',
  'modality',
  'targetExecutor',
  'target_executor',
])

/** Members of a request besides its document. */
const ofRequest: ReadonlySet<string> = new Set(['parameters', 'targetExecutor', 'target_executor'])

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
export function streamAnswer({ handle }: Serving, exchange: Exchange, request: DataRequest): void {
  const count = request.peekDocCount()
  if (count > 1) {
    const what = `A stream takes one document, and the request has ${count}.`
    return exchange.fail(new MillraceError('INVALID_INPUT', what, { notRun: true }))
  }
  if (count === 0) request.docs = new DocumentArray([new Document()])
  const events = new EventStream(exchange)
  exchange.items = events
  handle(request, exchange)
    .then((closing) => events.close(closing))
    .catch((error: unknown) => exchange.fail(MillraceError.from(error)))
}

/**
 * The body that a GET stands for. Its query has the fields of the document: texts as they are, others as JSON; besides
 * `parameters`, an object, and `targetExecutor`. A body, as Jina's client sends it, is the document, unless it has `data`.
 * Throws INVALID_INPUT.
 */
export function bodyOfGet(parsed: unknown, { url = '' }: IncomingMessage): unknown {
  if (parsed !== undefined) return isDocument(parsed) ? { data: parsed } : parsed
  const from = url.indexOf('?')
  const entries = [...new URLSearchParams(from < 0 ? '' : url.slice(from + 1))].map(
    ([name, value]) => [name, texts.has(name) ? value : jsonOf(name, value)] as const,
  )
  const document = Object.fromEntries(entries.filter(([name]) => !ofRequest.has(name)))
  return { ...Object.fromEntries(entries.filter(([name]) => ofRequest.has(name))), data: document }
}

function isDocument(parsed: unknown): boolean {
  return (
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && !Object.hasOwn(parsed, 'data')
  )
}

function jsonOf(name: string, value: string): unknown {
  try {
    return parseJson(Buffer.from(value))
  } catch {
    const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value
    throw new MillraceError(
      'INVALID_INPUT',
      `${name} in the query must be JSON, such as 0.5 or {"a":1}, not ${shown}.`,
      { notRun: true },
    )
  }
}
