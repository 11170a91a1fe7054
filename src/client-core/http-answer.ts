import type { Call } from '../call/call.js'
import { isErrorCode, MillraceError } from '../errors.js'
import { decodeText } from '../lib/protobuf/text.js'
import { DataRequest } from '../wire/data-request.js'
import {
  eventsType,
  notRunHeader,
  protobufType,
  statusHeader,
  timeoutHeader,
} from '../wire/gateway-headers.js'
import { joined } from '../wire/pieces.js'
import { readEvents } from './event-stream.js'
import { tooLarge } from './too-large.js'
import type { CallOptions } from './transport.js'

/** Metadata of gRPC that the client itself obeys. */
const ownHeaders: ReadonlySet<string> = new Set(['__prefetch__', '__results_in_order__'])

/** Bytes of an answer that is not a gateway's, as shown in an error. */
const maxShown = 500

/** The answer of an HTTP server, however it was asked. */
export interface HttpAnswer {
  readonly status: number
  /** Undefined for a header that it does not have. */
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

export interface AnswerOptions {
  readonly request: DataRequest
  readonly call: Call
  /** The server, for messages: `host:port`. */
  readonly address: string
  readonly maxMessageBytes: number
}

/** The headers of a call: those of the caller, and the time that is left. */
export function callHeaders({ headers, deadline }: CallOptions): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name)))
  if (deadline !== Number.POSITIVE_INFINITY)
    kept[timeoutHeader] = String(Math.max(1, Math.ceil(deadline - Date.now())))
  return kept
}

/** The headers of a POST to a gateway. */
export function requestHeaders(call: Call): Record<string, string> {
  const kept = callHeaders(call)
  if (call.items !== undefined) kept.accept = eventsType
  kept['content-type'] = protobufType
  return kept
}

/**
 * Reads a gateway's answer to a request in protobuf; the documents of a stream go to the call's sink. Rejects with the error
 * that the gateway reports; UNSUPPORTED for another server; RESOURCE_EXHAUSTED for an answer above `maxMessageBytes`.
 */
export async function readAnswer(answer: HttpAnswer, options: AnswerOptions): Promise<DataRequest> {
  const { request, call, address, maxMessageBytes } = options
  const type = answer.header('content-type')
  if (call.items !== undefined && type === eventsType) {
    const failed = await readEvents(answer.body, { items: call.items, maxMessageBytes, address })
    return failed ?? request.answer().withList([])
  }
  const bytes = await wholeBody(answer, options)
  const decoded = type === protobufType ? DataRequest.decode(bytes) : undefined
  const failedExecutor = decoded?.status?.exception?.executor ?? ''
  if (decoded !== undefined && (answer.status === 200 || failedExecutor !== '')) return decoded
  const shown = decoded?.status?.description ?? decodeText(bytes, 0, Math.min(maxShown, bytes.length))
  throw refusal(answer, shown, address)
}

async function wholeBody(
  answer: HttpAnswer,
  { address, maxMessageBytes }: AnswerOptions,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of answer.body) {
    length += piece.length
    if (length > maxMessageBytes) throw tooLarge(`The answer of ${address}`, maxMessageBytes)
    pieces.push(piece)
  }
  return joined(pieces)
}

/** The error that a gateway answers with. */
function refusal(answer: HttpAnswer, description: string, address: string): MillraceError {
  const written = answer.header(statusHeader) ?? ''
  const message = `${address} answered HTTP ${answer.status}: ${description}`
  if (!isErrorCode(written)) {
    return new MillraceError('UNSUPPORTED', `${message} This client needs a gateway of Millrace.`)
  }
  const seconds = Number(answer.header('retry-after') ?? Number.NaN)
  const isFinal = written === 'RESOURCE_EXHAUSTED' && answer.status !== 429
  return new MillraceError(written, message, {
    where: { address },
    notRun: answer.header(notRunHeader) === 'true',
    retryAfterMs: Number.isNaN(seconds) ? null : seconds * 1000,
    ...(isFinal && { retryable: false }),
  })
}
