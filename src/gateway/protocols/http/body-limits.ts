import type { IncomingMessage } from 'node:http'
import type { Account } from '../../../budget/budget.js'
import { noRoom } from '../../../budget/refusals.js'
import { MillraceError } from '../../../errors.js'

/** Why a body is refused, and the status of the answer. */
export interface BodyRefusal {
  readonly error: MillraceError
  readonly status: 413 | 429
}

/** A body that arrives in parts. */
export interface ArrivingBody {
  /** Bytes that have arrived. */
  readonly received: number
  /** Holds them. */
  readonly account: Account
}

/** The refusal (413) of a body whose `content-length` is beyond `maxBytes`. */
export function refusalOfLength({ headers }: IncomingMessage, maxBytes: number): BodyRefusal | undefined {
  const isTooLong = Number(headers['content-length'] ?? 0) > maxBytes
  return isTooLong ? { error: tooLarge(maxBytes), status: 413 } : undefined
}

/**
 * Reserves the last part of a body, of `bytes` bytes, which are among those received. Returns the refusal of a body beyond
 * `maxBytes` (413), and of one for which there is no room (429).
 */
export function refusalOfPart(body: ArrivingBody, bytes: number, maxBytes: number): BodyRefusal | undefined {
  if (body.received > maxBytes) return { error: tooLarge(maxBytes), status: 413 }
  if (body.account.reserve(bytes)) return undefined
  return { error: noRoom('receive the request', bytes, body.account), status: 429 }
}

/** A body with more than `maxBytes` bytes, as it arrives or as it is unpacked. */
function tooLarge(maxBytes: number): MillraceError {
  const what = `The body has more than ${maxBytes} bytes (maxMessageBytes). Send fewer documents in a request, or raise the limit.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false, notRun: true })
}
