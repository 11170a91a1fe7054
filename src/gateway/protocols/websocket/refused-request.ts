import type { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { refusalStatus } from '../../../wire/refusal.js'
import { withJinaHint } from '../jina-hints.js'

/** The answer to a request that the gateway refused: with its id, the status of the error and no documents. */
export function refusedRequest(
  {
    requestId,
    endpoint = '',
    targetExecutor = '',
  }: {
    readonly requestId: string
    readonly endpoint?: string
    readonly targetExecutor?: string
  },
  error: MillraceError,
): DataRequest {
  const answer = DataRequest.create({ requestId, endpoint, targetExecutor })
  answer.status = refusalStatus(withJinaHint(error))
  return answer
}

/** Whether Jina's gateway closes the socket at this error: a stage could not be reached, or did not answer in time (jina.md 4.9). */
export function isNetworkError({ code, where }: MillraceError): boolean {
  return where.deployment !== undefined && (code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED')
}

/** The reason with which the socket is closed: the error's text or, when that is too long for a close frame, Jina's (jina.md 4.9). */
export function networkReason(error: MillraceError): string {
  if (Buffer.byteLength(error.message) <= maxReasonBytes) return error.message
  const { deployment = '', address = deployment } = error.where
  return error.code === 'DEADLINE_EXCEEDED'
    ? `Connection to deployment at ${address} timed out. You can adjust \`timeout_send\` attribute.`
    : `Network error while connecting to deployment at ${address}. It may be down.`
}

/** A control frame has at most 125 bytes, two of which are the code (RFC 6455, 5.5). */
const maxReasonBytes = 123

/** As much of a reason as fits into a close frame. */
export function fittingReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= maxReasonBytes) return reason
  let end = maxReasonBytes - '…'.length * 3
  while ((bytes[end]! & 0xc0) === 0x80) end-- // not within a letter
  return `${bytes.toString('utf8', 0, end)}…`
}
