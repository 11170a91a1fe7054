import { ConnectionLost } from '../../call/connection-lost.js'
import type { Headers } from '../../http2/message-head.js'
import type { StreamEnd } from '../../http2/stream.js'
import { notRunHeader } from '../../wire/gateway-headers.js'
import { codeHeader, type GrpcStatus } from '../status.js'
import { codeOfReset, grpcCode, refusedStream } from '../status-codes.js'
import type { Session } from './session.js'

/** The status in the headers or trailers of an answer. */
export function statusOf(headers: Headers): GrpcStatus {
  const code = Number(headers['grpc-status'] ?? grpcCode.unknown)
  const pushback = headers['grpc-retry-pushback-ms']
  return {
    code: Number.isInteger(code) ? code : grpcCode.unknown,
    details: decode(headers['grpc-message'] ?? ''),
    millraceCode: headers[codeHeader],
    notRun: headers[notRunHeader] === 'true',
    // what is no number forbids it, too (gRFC A6)
    retryAfterMs: pushback === undefined ? undefined : Number(pushback) >= 0 ? Number(pushback) : -1,
  }
}

/** The status of a call whose stream has closed without one. */
export function statusOfEnd(code: number, end: StreamEnd, session: Session): GrpcStatus {
  switch (end) {
    case 'finished':
      return { code: grpcCode.internal, details: 'the stream ended without a status', here: true }
    case 'peer':
      return {
        code: codeOfReset(code),
        details: `the stream was reset (HTTP/2 code ${code})`,
        here: true,
        notRun: code === refusedStream,
        // a closing peer refuses streams that it did not process (RFC 9113, 8.7)
        ...(code === refusedStream && !session.isUsable && { retryAfterMs: 0 }),
      }
    case 'wrong':
      return {
        code: codeOfReset(code),
        details: `the answer breaks a rule of HTTP/2, or a limit on headers (HTTP/2 code ${code})`,
        here: true,
      }
    case 'unprocessed':
      return session.isConnected
        ? {
            code: grpcCode.unavailable,
            details: `the connection was closed before the call was taken (${sayOf(session.error)})`,
            here: true,
            notRun: true,
            retryAfterMs: 0,
          }
        : notConnected(session)
    case 'lost':
    case 'here':
      return session.isConnected ? lost(session) : notConnected(session)
  }
}

function notConnected({ error }: Session): GrpcStatus {
  return {
    code: grpcCode.unavailable,
    details: `cannot connect (${sayOf(error)})`,
    here: true,
    notRun: true,
    cause: error,
  }
}

/** What the peer had is lost with the connection. */
function lost({ error }: Session): GrpcStatus {
  return {
    code: grpcCode.unavailable,
    details: `the connection was lost (${sayOf(error)})`,
    here: true,
    notRun: false,
    cause: new ConnectionLost(sayOf(error), { cause: error }),
  }
}

/** Decodes the percent-encoding of `grpc-message`; a malformed message is returned unchanged. */
function decode(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}

function sayOf(error: Error | undefined): string {
  if (error === undefined) return 'the peer closed it'
  // each address of a name was tried and failed
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((one: Error) => one.message).join(', ')
  return error.message
}
