import { STATUS_CODES } from 'node:http'
import type { MillraceError } from '../../../errors.js'
import { requestId } from '../../../wire/request-id.js'
import { failureBody, failureHeaders } from '../http/failure.js'

/** The HTTP answer to a handshake that is refused, with the headers and the body of a refusal over HTTP. */
export function refusedHandshake(error: MillraceError, status: number): string {
  const subject = { requestId: requestId(), endpoint: '', targetExecutor: '', isProtobuf: false }
  const { type, bytes } = failureBody(subject, error)
  const headers = { 'content-type': type, 'content-length': bytes.length, ...failureHeaders(error, status) }
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
    '',
    bytes.toString(),
  ].join('\r\n')
}
