import type { IncomingMessage } from 'node:http'
import { noRoom, noRoomForAnswer } from '../../../budget/refusals.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { errorFromStatus } from '../../../wire/error-status.js'
import { requestFromJson } from '../../../wire/json/decode-request.js'
import { answerText } from '../../../wire/json/encode-answer.js'
import { parsingBytes, writingBytes } from '../../../wire/json/memory.js'
import { parseJson } from '../../../wire/json/parse.js'
import type { Serving } from '../../serving.js'
import { readBody } from './body.js'
import type { Exchange } from './exchange.js'
import { protobufType, statusHeader } from '../../../wire/gateway-headers.js'
import { jsonType } from './failure.js'
import { asksForEvents, bodyOfGet, resumption, streamAnswer } from './stream.js'

const jsonName = 'application/json'
/** The second name is that of RFC 9880. */
const protobufNames = [protobufType, 'application/protobuf']

/** Types of a body. */
export const contentTypes: readonly string[] = [jsonName, ...protobufNames]

/** Status of an answer that JSON cannot hold. */
const notAcceptable = 406

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
  readBody(message, exchange, {
    maxBytes: serving.maxMessageBytes,
    done(body) {
      try {
        const request = isProtobuf
          ? fromProtobuf(body, endpoint)
          : fromJson(body, message, { endpoint, exchange })
        subject.requestId = request.requestId
        subject.endpoint = request.endpoint
        subject.targetExecutor = request.targetExecutor
        if (isStream) streamAnswer(serving, exchange, request)
        else run(serving, exchange, request)
      } catch (error) {
        exchange.fail(MillraceError.from(error))
      }
    },
  })
}

function fromProtobuf(body: Buffer, endpoint: string | null): DataRequest {
  const request = DataRequest.decode(body)
  if (endpoint !== null && request.endpoint !== endpoint) request.endpoint = endpoint
  return request
}

/** Throws RESOURCE_EXHAUSTED when there is no room for what the JSON takes while it is parsed. */
function fromJson(
  body: Buffer,
  message: IncomingMessage,
  { endpoint, exchange }: { readonly endpoint: string | null; readonly exchange: Exchange },
): DataRequest {
  const { account, subject } = exchange
  const { requestId } = subject
  const bytes = parsingBytes(body)
  if (!account.reserve(bytes)) throw noRoom('parse the JSON', bytes, account)
  const parsed = body.length === 0 ? undefined : parseJson(body)
  const whole = message.method === 'GET' ? bodyOfGet(parsed, message) : body.length === 0 ? {} : parsed
  const request = requestFromJson(whole, { endpoint, requestId })
  account.release(bytes)
  return request
}

function run(serving: Serving, exchange: Exchange, request: DataRequest): void {
  serving
    .handle(request, exchange)
    .then((answer) => reply(serving, exchange, answer))
    .catch((error: unknown) => exchange.fail(MillraceError.from(error)))
}

function reply({ http }: Serving, exchange: Exchange, answer: DataRequest): void {
  if (exchange.isAnswered) return
  const { status } = answer
  const isFailed = status?.code === 'ERROR'
  const code = isFailed && http?.errorStatus === true ? 500 : 200
  const outcome = isFailed ? errorFromStatus(status).code : 'OK'
  if (exchange.subject.isProtobuf) {
    const headers = { 'content-type': protobufType, [statusHeader]: outcome }
    return exchange.answer(code, headers, Buffer.concat(answer.encodeParts()))
  }
  const headers = { 'content-type': jsonType, [statusHeader]: outcome }
  const bytes = writingBytes(answer.data?.length ?? 0)
  if (!exchange.account.reserve(bytes)) return exchange.fail(noRoomForAnswer(bytes, exchange.account))
  try {
    exchange.answer(code, headers, answerText(answer))
  } catch (error) {
    const { message } = MillraceError.from(error)
    const what = `The answer cannot be JSON: ${message} Ask for it with the header accept: ${protobufType}.`
    exchange.fail(new MillraceError('UNSUPPORTED', what), { status: notAcceptable })
  }
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
