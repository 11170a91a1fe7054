import { type ErrorCode, errorCodes, MillraceError, type Whereabouts } from '../errors.js'

/** gRPC status codes by number (grpc.io, "Status codes and their use in gRPC") and what they are called here. */
const codes: readonly { readonly name: string; readonly code: ErrorCode }[] = [
  { name: 'OK', code: 'INTERNAL' },
  { name: 'CANCELLED', code: 'CANCELLED' },
  { name: 'UNKNOWN', code: 'INTERNAL' },
  { name: 'INVALID_ARGUMENT', code: 'INVALID_INPUT' },
  { name: 'DEADLINE_EXCEEDED', code: 'DEADLINE_EXCEEDED' },
  { name: 'NOT_FOUND', code: 'NOT_FOUND' },
  { name: 'ALREADY_EXISTS', code: 'INTERNAL' },
  { name: 'PERMISSION_DENIED', code: 'UNSUPPORTED' },
  { name: 'RESOURCE_EXHAUSTED', code: 'RESOURCE_EXHAUSTED' },
  { name: 'FAILED_PRECONDITION', code: 'UNSUPPORTED' },
  { name: 'ABORTED', code: 'UNAVAILABLE' },
  { name: 'OUT_OF_RANGE', code: 'INTERNAL' },
  { name: 'UNIMPLEMENTED', code: 'UNSUPPORTED' },
  { name: 'INTERNAL', code: 'INTERNAL' },
  { name: 'UNAVAILABLE', code: 'UNAVAILABLE' },
  { name: 'DATA_LOSS', code: 'MALFORMED' },
  { name: 'UNAUTHENTICATED', code: 'UNSUPPORTED' },
]

/** Numbers of the codes that are made here. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

/** Trailer in which a gateway of ours says the code of the error itself. */
export const codeHeader = 'millrace-code'

/** Trailer in which it says that no handler saw the call. */
export const notRunHeader = 'millrace-not-run'

/** How a call ended. */
export interface GrpcStatus {
  readonly code: number
  readonly details: string
  /** Made here, not said by the peer. */
  readonly here?: true
  /** No handler of the peer can have seen the call. */
  readonly notRun?: boolean
  /** Our own code, when the peer is a gateway of ours. */
  readonly millraceCode?: string | undefined
  /** When to send again, milliseconds (gRFC A6). */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** A status that is not OK, thrown. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure'
  readonly status: GrpcStatus

  constructor(status: GrpcStatus) {
    super(
      `${nameOf(status.code)}: ${status.details}`,
      status.cause === undefined ? undefined : { cause: status.cause },
    )
    this.status = status
  }
}

/** A failure of a call as a MillraceError that names the peer; any other value wrapped as INTERNAL. */
export function errorFromGrpc(error: unknown, where: Whereabouts): MillraceError {
  if (MillraceError.is(error)) return error.at(where)
  if (!(error instanceof GrpcFailure)) return MillraceError.from(error).at(where)
  const { code, details, here, notRun, millraceCode = '', retryAfterMs } = error.status
  const peer = where.address ?? 'the peer'
  const said = here === true ? '' : ` answered gRPC ${nameOf(code)}`
  const message = `${peer}${said}: ${details === '' ? 'no details given' : details}`
  // what is too large for this side stays too large
  const retryable = here === true && code === grpcCode.resourceExhausted ? { retryable: false } : {}
  const ours = Object.hasOwn(errorCodes, millraceCode) ? (millraceCode as ErrorCode) : undefined
  return new MillraceError(ours ?? codes[code]?.code ?? 'INTERNAL', message, {
    cause: error,
    where,
    notRun: notRun ?? false,
    retryAfterMs: retryAfterMs ?? null,
    ...retryable,
  })
}

export function isUnimplemented(error: unknown): boolean {
  return error instanceof GrpcFailure && error.status.code === grpcCode.unimplemented
}

/** Whether the peer takes no more calls, and has not begun this one: it may be sent again at once. */
export function isLeaving({ code, notRun, retryAfterMs }: GrpcStatus): boolean {
  return code === grpcCode.unavailable && notRun === true && retryAfterMs === 0
}

function nameOf(code: number): string {
  return codes[code]?.name ?? `status ${code}`
}

/** Of an HTTP answer without a gRPC status (grpc.io, "HTTP to gRPC Status Code Mapping"). */
export function codeOfHttpStatus(status: number): number {
  if (status === 400) return grpcCode.internal
  if (status === 401) return 16
  if (status === 403) return 7
  if (status === 404) return grpcCode.unimplemented
  return [429, 502, 503, 504].includes(status) ? grpcCode.unavailable : grpcCode.unknown
}

/** HTTP/2's REFUSED_STREAM: the peer did nothing with it (RFC 9113, 8.7). */
export const refusedStream = 0x7

/** Of a stream that the peer reset (grpc.io, "gRPC over HTTP2", Errors). */
export function codeOfReset(reset: number): number {
  if (reset === refusedStream) return grpcCode.unavailable
  if (reset === 0x8) return grpcCode.cancelled
  return reset === 0xb ? grpcCode.resourceExhausted : grpcCode.internal
}
