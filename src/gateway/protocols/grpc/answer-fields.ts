import { isRetryable, type MillraceError } from '../../../errors.js'
import { acceptedEncodings } from '../../../grpc/compression.js'
import { grpcStatus } from '../../../grpc/error-status.js'
import { codeHeader } from '../../../grpc/status.js'
import { encodeFields } from '../../../http2/hpack/encoder.js'
import { notRunHeader } from '../../../wire/gateway-headers.js'
import { withJinaHint } from '../jina-hints.js'
import { noTrailers, type Trailers } from './method.js'

// Headers and trailers of the answers to gRPC calls (grpc.io, "gRPC over HTTP2").

const headFields = {
  ':status': '200',
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
}
const ok = { 'grpc-status': '0' }
const okTrailers: Buffer = encodeFields(ok)

/** The head of an answer that is not compressed. */
export const plainHead: Buffer = encodeFields(headFields)

/** The head of an answer whose messages may be compressed. */
export const gzipHead: Buffer = encodeFields({ ...headFields, 'grpc-encoding': 'gzip' })

/** The end of an answer with status OK. */
export function okFields(trailers: Trailers): Buffer {
  return trailers === noTrailers ? okTrailers : encodeFields({ ...ok, ...trailers })
}

/** Fields with the status of an error. `isOurClient`: the client is Millrace's own, which does not need Jina's texts. */
export function failureFields(
  error: MillraceError,
  { isOurClient }: { readonly isOurClient: boolean },
): Record<string, string> {
  const { code, message } = grpcStatus(isOurClient ? error : withJinaHint(error))
  return { 'grpc-status': String(code), 'grpc-message': message, ...hints(error) }
}

/** The head of an answer that has nothing but the status of an error. */
export function failureHead(failure: Record<string, string>): Buffer {
  return encodeFields({ ...headFields, ...failure })
}

/** Metadata for the client's error handling: gRPC's hint when to retry (gRFC A6), and Millrace's code for its own client. */
function hints({ code, notRun, retryable, retryAfterMs }: MillraceError): Record<string, string> {
  // -1: do not retry
  const afterMs = !retryable && isRetryable(code) ? -1 : retryAfterMs
  const pushback = afterMs === null ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(afterMs)) }
  return { [codeHeader]: code, ...(notRun && { [notRunHeader]: 'true' }), ...pushback }
}
