import { noRoom } from '../../../../budget/refusals.js'
import { DataRequest } from '../../../../wire/data-request.js'
import { convert, type Reading } from '../../../../wire/json/convert.js'
import { readingEffort } from '../../../../wire/json/memory.js'
import type { Exchange } from '../exchange.js'
import type { JsonThread } from './json-thread.js'

/**
 * Makes a request of a body in JSON: at once, or in the thread for large JSON, if there is one. The account of the exchange
 * holds the request afterwards instead of the body: numbers become doubles, and documents get ids.
 *
 * Throws or rejects with INVALID_INPUT and the place in the JSON, MALFORMED, and RESOURCE_EXHAUSTED when there is no room.
 */
export function readRequest(
  reading: Reading,
  exchange: Exchange,
  thread: Pick<JsonThread, 'convert'> | undefined,
): DataRequest | Promise<DataRequest> {
  const { account } = exchange
  const bodyBytes = reading.body.length
  const { bytes, isLong } = readingEffort(reading.body)
  if (!account.reserve(bytes)) throw noRoom('parse the JSON', bytes, account)
  const finish = (encoded: Uint8Array): DataRequest => {
    account.release(bytes + bodyBytes)
    if (!account.reserve(encoded.length)) throw noRoom('hold the request', encoded.length, account)
    return DataRequest.decode(encoded)
  }
  return isLong && thread !== undefined
    ? thread.convert(reading, exchange).then(finish)
    : finish(convert(reading))
}
