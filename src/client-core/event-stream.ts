import type { ItemSink } from '../call/items.js'
import { fromBase64 } from '../document/base64.js'
import { MillraceError } from '../errors.js'
import { DataRequest } from '../wire/data-request.js'
import { streamEvents } from '../wire/gateway-headers.js'
import { errorFromRefusal } from '../wire/refusal.js'
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
  body: AsyncIterable<Uint8Array>,
  { items, maxMessageBytes, address }: EventStreamOptions,
): Promise<DataRequest | undefined> {
  const parser = new EventParser(Math.ceil(maxMessageBytes * base64Factor) + fieldBytes)
  let end: { readonly failed: DataRequest | undefined } | undefined
  // read to its end, so that the connection can be used again
  for await (const piece of body) {
    for (const { name, data } of parser.push(piece)) {
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
  const bytes = fromBase64(data)
  if (bytes !== undefined) return DataRequest.decode(bytes)
  throw new MillraceError('MALFORMED', 'An event of the stream has data that is not base64.')
}

/** The answer of an Executor that failed. Throws the error of a gateway. */
function failureOf(answer: DataRequest, address: string): DataRequest {
  const refusal = answer.status && errorFromRefusal(answer.status, address)
  if (refusal) throw refusal
  return answer
}
