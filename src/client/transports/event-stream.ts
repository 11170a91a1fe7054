import type { IncomingMessage } from 'node:http'
import type { ItemSink } from '../../call/items.js'
import { type ErrorCode, errorCodes, MillraceError } from '../../errors.js'
import { DataRequest } from '../../wire/data-request.js'
import { streamEvents } from '../../wire/gateway-headers.js'
import { EventParser } from './event-parser.js'

/** Characters of base64 for each byte, and the name of the field. */
const base64Factor = 4 / 3
const fieldBytes = 16

export interface EventStreamOptions {
  readonly items: ItemSink
  readonly maxMessageBytes: number
  readonly address: string
}

/**
 * Reads a gateway's stream of server-sent events, whose data are DataRequestProtos in base64. The next piece is read when the
 * sink has room. Resolves with the answer of an Executor that failed, otherwise with undefined. Rejects when the gateway
 * reports an error, or the stream ends without saying so.
 */
export async function readEvents(
  response: IncomingMessage,
  { items, maxMessageBytes, address }: EventStreamOptions,
): Promise<DataRequest | undefined> {
  const parser = new EventParser(Math.ceil(maxMessageBytes * base64Factor) + fieldBytes)
  let end: { readonly failed: DataRequest | undefined } | undefined
  // read to its end, so that the connection can be used again
  for await (const piece of response) {
    for (const { name, data } of parser.push(piece as Buffer)) {
      if (end !== undefined) continue
      else if (name === streamEvents.end) end = { failed: undefined }
      else if (name === streamEvents.error) end = { failed: answerOf(data) }
      else if (name === streamEvents.update) {
        const room = items.push(answerOf(data))
        if (room !== undefined) await room
      }
    }
  }
  if (end === undefined) {
    const what = `${address} ended the stream before its last document.`
    throw new MillraceError('UNAVAILABLE', what, { where: { address } })
  }
  return end.failed === undefined ? undefined : failureOf(end.failed, address)
}

function answerOf(data: string): DataRequest {
  return DataRequest.decode(Buffer.from(data, 'base64'))
}

/** The answer of an Executor that failed. Throws the error of a gateway. */
function failureOf(answer: DataRequest, address: string): DataRequest {
  const { description = '', exception } = answer.status ?? {}
  if (exception === undefined || exception.executor !== '') return answer
  const written = exception.args[1] ?? ''
  const code = Object.hasOwn(errorCodes, written) ? (written as ErrorCode) : 'UNAVAILABLE'
  throw new MillraceError(code, `${address} ended the stream: ${description}`, { where: { address } })
}
