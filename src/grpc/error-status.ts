import type { ErrorCode, MillraceError } from '../errors.js'

/** gRPC status codes by number (grpc.io, "Status codes and their use in gRPC"). */
const statusCodes: Partial<Record<ErrorCode, number>> = {
  CANCELLED: 1,
  OUTCOME_UNKNOWN: 2,
  INVALID_INPUT: 3,
  MALFORMED: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNSUPPORTED: 12,
  UNAVAILABLE: 14,
}

const internal = 13

/** Details travel as a header, and peers refuse headers of more than about 8 KB. */
const maxDetails = 2000

export interface GrpcStatus {
  readonly code: number
  readonly details: string
}

export function grpcStatus(error: MillraceError): GrpcStatus {
  const { message } = error
  const clipped = message.length > maxDetails ? `${message.slice(0, maxDetails)}…` : message
  return { code: statusCodes[error.code] ?? internal, details: wellFormed(clipped) }
}

/** Half a surrogate pair cannot be percent-encoded. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
}
