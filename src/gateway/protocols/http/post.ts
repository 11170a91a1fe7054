import type { IncomingMessage } from 'node:http'
import { noRoomForAnswer } from '../../../budget/refusals.js'
import { placeOf } from '../../../document/json-place.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { errorFromStatus } from '../../../wire/error-status.js'
import { answerText } from '../../../wire/json/encode-answer.js'
import { writingEffort } from '../../../wire/json/memory.js'
import type { Serving } from '../../serving.js'
import { marked, saysV2 } from '../docarray-version.js'
import { readBody } from './body.js'
import type { Exchange } from './exchange.js'
import { protobufType, statusHeader } from '../../../wire/gateway-headers.js'
import { jsonType } from './failure.js'
import { readRequest } from './json/read-request.js'
import { unwritable } from './json/unwritable.js'
import { asksForEvents, resumption, streamAnswer } from './stream.js'

const jsonName = 'application/json'
/** The second name is that of RFC 9880. */
const protobufNames = [protobufType, 'application/protobuf']

/** Types of a body. */
export const contentTypes: readonly string[] = [jsonName, ...protobufNames]

/** Status of an answer that JSON cannot hold. */
export const notAcceptable = 406

export interface Posted {
  readonly message: IncomingMessage
  /** The endpoint that the path names; null takes that of the body. */
  readonly endpoint: string | null
}

/**
 * Reads a DataRequest, as JSON or protobuf, sends it through the Flow and answers in the format that the client accepts: also
 * as a stream of events, which is the only format for GET.
 */
export function post(serving: Serving, exchange: Exchange, { message, endpoint }: Posted): void {
  const isProtobuf = namesProtobuf(message.headers['content-type'])
  const { subject } = exchange
  subject.endpoint = endpoint ?? ''
  subject.isProtobuf = answersProtobuf(message.headers.accept, isProtobuf)
  const isStream = asksForEvents(message)
  const refusal = isStream ? resumption(message) : undefined
  if (refusal !== undefined) return exchange.fail(refusal, { status: 400 })
  const go = (request: DataRequest): void => {
    subject.requestId = request.requestId
    subject.endpoint = request.endpoint
    subject.targetExecutor = request.targetExecutor
    if (isStream) streamAnswer(serving, exchange, request)
    else run(serving, exchange, request)
  }
  const fail = (error: unknown): void => exchange.fail(MillraceError.from(error))
  readBody(message, exchange, {
    maxBytes: serving.maxMessageBytes,
    done(body) {
      try {
        if (isProtobuf) return go(marked(fromProtobuf(body, endpoint), message.headers))
        const { requestId } = subject
        const query = queryOfGet(message)
        const isV2 = saysV2(message.headers)
        const reading = { kind: 'read', body, endpoint, requestId, query, isV2 } as const
        const request = readRequest(reading, exchange, serving.json)
        if (request instanceof Promise) request.then(go).catch(fail)
        else go(request)
      } catch (error) {
        fail(error)
      }
    },
  })
}

/** Null for other methods. */
function queryOfGet({ method, url = '' }: IncomingMessage): string | null {
  if (method !== 'GET') return null
  const from = url.indexOf('?')
  return from < 0 ? '' : url.slice(from + 1)
}

function fromProtobuf(body: Buffer, endpoint: string | null): DataRequest {
  const request = DataRequest.decode(body)
  if (endpoint !== null && request.endpoint !== endpoint) request.endpoint = endpoint
  return request
}

function run(serving: Serving, exchange: Exchange, request: DataRequest): void {
  exchange.isHandled = true
  serving
    .handle(request, exchange)
    .then((answer) => reply(serving, exchange, answer))
    .catch((error: unknown) => exchange.fail(MillraceError.from(error)))
}

function reply({ http, json }: Serving, exchange: Exchange, answer: DataRequest): void {
  if (exchange.isAnswered) return
  const { status } = answer
  const isFailed = status?.code === 'ERROR'
  const error = isFailed ? errorFromStatus(status) : undefined
  // documents or parameters that do not fit the types of the endpoint
  if (error !== undefined && placeOf(error) !== undefined) return exchange.fail(error)
  const code = isFailed && http?.errorStatus === true ? 500 : 200
  const outcome = error?.code ?? 'OK'
  if (exchange.subject.isProtobuf) {
    const headers = { 'content-type': protobufType, [statusHeader]: outcome }
    return exchange.answer(code, headers, Buffer.concat(answer.encodeParts()))
  }
  const headers = { 'content-type': jsonType, [statusHeader]: outcome }
  const { bytes, isLong } = writingEffort(answer)
  if (!exchange.account.reserve(bytes)) return exchange.fail(noRoomForAnswer(bytes, exchange.account))
  const fail = (error: unknown): void => exchange.fail(...refusalOf(error))
  if (isLong && json !== undefined) {
    const writing = { kind: 'write', answer: Buffer.concat(answer.encodeParts()) } as const
    json
      .convert(writing, exchange)
      .then((text) => exchange.answer(code, headers, Buffer.from(text.buffer)))
      .catch(fail)
    return
  }
  try {
    exchange.answer(code, headers, answerText(answer))
  } catch (error) {
    fail(error)
  }
}

function refusalOf(thrown: unknown): [MillraceError, { readonly status?: number }] {
  const error = MillraceError.from(thrown)
  const refusal = unwritable(error, `Ask for it with the header accept: ${protobufType}.`)
  return refusal === undefined ? [error, {}] : [refusal, { status: notAcceptable }]
}

function namesProtobuf(type: string | undefined): boolean {
  return type !== undefined && protobufNames.some((name) => type.startsWith(name))
}

/** Whether the answer is protobuf: as the client accepts, else as it sends. */
function answersProtobuf(accept: string | undefined, sendsProtobuf: boolean): boolean {
  if (accept === undefined) return sendsProtobuf
  if (protobufNames.some((name) => accept.includes(name))) return true
  return sendsProtobuf && !accept.includes(jsonName)
}
