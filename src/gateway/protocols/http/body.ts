import type { IncomingMessage } from 'node:http'
import { noRoom } from '../../../budget/refusals.js'
import { MillraceError } from '../../../errors.js'
import type { Exchange } from './exchange.js'

const none = Buffer.alloc(0)

/**
 * Reads the body of a request and reserves its bytes in the account of the exchange. Calls `done` unless the exchange was
 * answered before: with 413 for a body beyond `maxBytes`, with 429 when there is no room.
 */
export function readBody(
  message: IncomingMessage,
  exchange: Exchange,
  { maxBytes, done }: { readonly maxBytes: number; readonly done: (body: Buffer) => void },
): void {
  if (Number(message.headers['content-length'] ?? 0) > maxBytes)
    return exchange.fail(tooLarge(maxBytes), { status: 413 })
  const chunks: Buffer[] = []
  exchange.isReading = true
  message.on('data', (chunk: Buffer) => {
    if (exchange.isAnswered) return
    exchange.received += chunk.length
    if (exchange.received > maxBytes) return stop(tooLarge(maxBytes), 413)
    if (!exchange.account.reserve(chunk.length)) {
      return stop(noRoom('receive the request', chunk.length, exchange.account), 429)
    }
    chunks.push(chunk)
  })
  message.on('end', () => {
    exchange.isReading = false
    if (!exchange.isAnswered)
      done(chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? none : Buffer.concat(chunks))
  })
  const stop = (error: MillraceError, status: number): void => {
    chunks.length = 0
    exchange.fail(error, { status })
  }
}

function tooLarge(maxBytes: number): MillraceError {
  const what = `The body has more than ${maxBytes} bytes (maxMessageBytes). Send fewer documents in a request, or raise the limit.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false, notRun: true })
}
