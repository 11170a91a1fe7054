import type { MillraceError } from '../errors.js'
import { statusCode } from './status-codes.js'
import type { GrpcStatus } from './status.js'

/** Details travel as a header, and peers refuse headers of more than about 8 KB. */
const maxDetails = 2000

/** The gRPC status for an error. */
export function grpcStatus(error: MillraceError): Pick<GrpcStatus, 'code' | 'details'> {
  const { message } = error
  const clipped = message.length > maxDetails ? `${message.slice(0, maxDetails)}…` : message
  return { code: statusCode(error.code), details: wellFormed(clipped) }
}

/** Half a surrogate pair cannot be percent-encoded. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
}
