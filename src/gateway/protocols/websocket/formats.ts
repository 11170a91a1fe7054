import type { Account } from '../../../budget/budget.js'
import { noRoom, noRoomForAnswer } from '../../../budget/refusals.js'
import type { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { requestFromJson } from '../../../wire/json/decode-request.js'
import { answerText, snakeCase } from '../../../wire/json/encode-answer.js'
import { readingEffort, writingEffort } from '../../../wire/json/memory.js'
import { parseJson } from '../../../wire/json/parse.js'
import { endOfRequests } from '../../../wire/websocket.js'
import type { Serving } from '../../serving.js'
import { marked, saysV2 } from '../docarray-version.js'
import { unwritable } from '../http/json/unwritable.js'

/** A message of a client, read. */
export type Received =
  | { readonly kind: 'request'; readonly request: DataRequest }
  | { readonly kind: 'end' }
  /** A request that does not fit, with the id by which the client knows it. */
  | { readonly kind: 'refused'; readonly requestId: string; readonly error: MillraceError }

/** What a conversion needs. */
export interface Tools {
  readonly account: Account
  readonly call: Scope
  /** Converts large JSON; without it that is done at once. */
  readonly thread: Serving['json']
}

/** How requests and answers are written as messages. */
export interface Format {
  readonly isBinary: boolean
  /**
   * Reads a message, large JSON in another thread. Throws or rejects with MALFORMED, and with RESOURCE_EXHAUSTED when there is
   * no room to read it.
   */
  read(message: Buffer, tools: Tools): Received | Promise<Received>
  /** Writes an answer. Throws UNSUPPORTED for one that the format cannot hold, and RESOURCE_EXHAUSTED. */
  write(answer: DataRequest, account: Account): Buffer | string
  /** Writes a large answer in another thread, where `write` would hold up the others; null otherwise. Rejects as `write` throws. */
  writeElsewhere(answer: DataRequest, tools: Tools): Promise<Buffer> | null
}

/** DataRequestProtos; a single byte ends the stream. */
export const protobufFormat = {
  isBinary: true,
  read(message: Buffer, { call }: Pick<Tools, 'call'>): Received {
    // 0x01 is what Jina's documentation says, 0x00 what its client sends; neither begins a protobuf message
    if (message.length === endOfRequests.length && message[0]! <= 1) return { kind: 'end' }
    return { kind: 'request', request: marked(DataRequest.decode(message), call.headers) }
  },
  write: (answer: DataRequest): Buffer => Buffer.concat(answer.encodeParts()),
  writeElsewhere: (): null => null,
} satisfies Format

/** Bodies of Jina's HTTP gateway, and answers in snake_case (jina.md 4.9); `{}` ends the stream. */
export const jsonFormat: Format = {
  isBinary: false,
  read(message, { account, call, thread }) {
    const { bytes, isLong } = readingEffort(message)
    if (!account.reserve(bytes)) throw noRoom('parse the JSON', bytes, account)
    if (!isLong || thread === undefined) {
      account.release(bytes)
      return receivedFrom(parseJson(message), saysV2(call.headers))
    }
    const reading = {
      kind: 'read',
      body: message,
      endpoint: null,
      requestId: undefined,
      query: null,
      isV2: saysV2(call.headers),
    } as const
    return thread
      .convert(reading, call)
      .then(
        (encoded): Received => ({ kind: 'request', request: DataRequest.decode(encoded) }),
        (error: unknown) => refusedFrom(error, ''),
      )
      .finally(() => account.release(bytes))
  },
  write(answer, account) {
    const { bytes } = writingEffort(answer)
    if (!account.reserve(bytes)) throw noRoomForAnswer(bytes, account)
    try {
      return answerText(answer, snakeCase)
    } catch (error) {
      throw failureOfWriting(error)
    } finally {
      account.release(bytes)
    }
  },
  writeElsewhere(answer, { account, call, thread }) {
    const { bytes, isLong } = writingEffort(answer)
    if (!isLong || thread === undefined) return null
    if (!account.reserve(bytes)) return Promise.reject(noRoomForAnswer(bytes, account))
    const encoded = Buffer.concat(answer.encodeParts())
    return thread
      .convert({ kind: 'write', answer: encoded, envelope: snakeCase }, call)
      .then(
        ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength),
        (error: unknown) => Promise.reject(failureOfWriting(error)),
      )
      .finally(() => account.release(bytes))
  },
}

function failureOfWriting(thrown: unknown): MillraceError {
  const error = MillraceError.from(thrown)
  return unwritable(error, 'Ask for it with the sub-protocol bytes.') ?? error
}

function receivedFrom(parsed: unknown, isV2: boolean): Received {
  if (isEmptyObject(parsed)) return { kind: 'end' }
  try {
    const request = requestFromJson(parsed, { endpoint: null, requestId: undefined, isV2 })
    return { kind: 'request', request }
  } catch (error) {
    return refusedFrom(error, idIn(parsed))
  }
}

/** Throws what is no fault of a request alone. */
function refusedFrom(thrown: unknown, requestId: string): Received {
  const error = MillraceError.from(thrown)
  if (error.code !== 'INVALID_INPUT' && error.code !== 'UNSUPPORTED') throw error
  return { kind: 'refused', requestId, error }
}

/** The id of a request that does not fit otherwise; '' when it has none. */
function idIn(parsed: unknown): string {
  const { header, ...body } = (parsed ?? {}) as Record<string, unknown>
  for (const object of [body, header]) {
    const { requestId, request_id: snake = requestId } = (object ?? {}) as Record<string, unknown>
    if (typeof snake === 'string') return snake
  }
  return ''
}

function isEmptyObject(parsed: unknown): boolean {
  return (
    typeof parsed === 'object' &&
    parsed !== null &&
    !Array.isArray(parsed) &&
    Object.keys(parsed).length === 0
  )
}
