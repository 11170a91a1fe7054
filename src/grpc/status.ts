import { isErrorCode, MillraceError, type Whereabouts } from '../errors.js'
import { errorCode, grpcCode, statusName } from './status-codes.js'

/** Trailer in which a Millrace gateway gives the error code itself. */
export const codeHeader = 'millrace-code'

/** How a call ended. */
export interface GrpcStatus {
  readonly code: number
  readonly details: string
  /** The status was derived here and not sent by the peer. */
  readonly here?: true
  /** No handler of the peer can have seen the call. */
  readonly notRun?: boolean
  /** The Millrace error code, when the peer is a Millrace gateway. */
  readonly millraceCode?: string | undefined
  /** When to retry, milliseconds (gRFC A6); negative: not at all. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** An error that carries a status other than OK. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure'
  readonly status: GrpcStatus

  constructor(status: GrpcStatus) {
    super(
      `${statusName(status.code)}: ${status.details}`,
      status.cause === undefined ? undefined : { cause: status.cause },
    )
    this.status = status
  }
}

/** A failed call as a MillraceError that names the peer; any other value wrapped as INTERNAL. */
export function errorFromGrpc(error: unknown, where: Whereabouts): MillraceError {
  if (MillraceError.is(error)) return error.at(where)
  if (!(error instanceof GrpcFailure)) return MillraceError.from(error).at(where)
  const { code, details, here, notRun, millraceCode = '', retryAfterMs } = error.status
  const peer = where.address ?? 'the peer'
  const said = here === true ? '' : ` answered gRPC ${statusName(code)}`
  const message = `${peer}${said}: ${details === '' ? 'no details given' : details}`
  // a message that is too large for this side will be too large again
  const isTooLarge = here === true && code === grpcCode.resourceExhausted
  const retryable = isTooLarge || (retryAfterMs ?? 0) < 0 ? { retryable: false } : {}
  const ours = isErrorCode(millraceCode) ? millraceCode : undefined
  return new MillraceError(ours ?? errorCode(code), message, {
    cause: error,
    where,
    notRun: notRun ?? false,
    retryAfterMs: retryAfterMs === undefined || retryAfterMs < 0 ? null : retryAfterMs,
    ...retryable,
  })
}

export function isUnimplemented(error: unknown): boolean {
  return error instanceof GrpcFailure && error.status.code === grpcCode.unimplemented
}

/** Whether a handler of the peer raised an exception: grpcio and others answer UNKNOWN then. Millrace gives its own code. */
export function hasRaised(error: unknown): boolean {
  if (!(error instanceof GrpcFailure)) return false
  const { code, here, millraceCode } = error.status
  return code === grpcCode.unknown && here !== true && millraceCode === undefined
}

/** Whether the peer accepts no more calls and did not begin this one: it may be retried at once. */
export function isLeaving({ code, notRun, retryAfterMs }: GrpcStatus): boolean {
  return code === grpcCode.unavailable && notRun === true && retryAfterMs === 0
}
