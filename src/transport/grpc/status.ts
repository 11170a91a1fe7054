import { type ErrorCode, MillraceError, type Whereabouts } from '../../errors.js'

/** gRPC status codes by number (grpc.io, "Status codes and their use in gRPC") and what they are called here. */
const codes: readonly { readonly name: string; readonly code: ErrorCode }[] = [
  { name: 'OK', code: 'INTERNAL' },
  { name: 'CANCELLED', code: 'CANCELLED' },
  { name: 'UNKNOWN', code: 'INTERNAL' },
  { name: 'INVALID_ARGUMENT', code: 'MALFORMED' },
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

/** What grpc-js throws and emits. */
interface ServiceError {
  readonly code: number
  readonly details: string
}

/** A failure of grpc-js as a MillraceError that names the peer; any other value wrapped as INTERNAL. */
export function errorFromGrpc(error: unknown, where: Whereabouts): MillraceError {
  if (MillraceError.is(error)) return error.at(where)
  if (!isServiceError(error)) return MillraceError.from(error).at(where)
  const known = codes[error.code] ?? { name: `status ${error.code}`, code: 'INTERNAL' }
  const peer = where.address ?? 'the peer'
  const details = error.details === '' ? 'no details given' : error.details
  return new MillraceError(known.code, `${peer} answered gRPC ${known.name}: ${details}`, {
    cause: error,
    where,
  })
}

export function isUnimplemented(error: unknown): boolean {
  return isServiceError(error) && error.code === codes.findIndex(({ name }) => name === 'UNIMPLEMENTED')
}

function isServiceError(error: unknown): error is ServiceError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    'details' in error &&
    typeof error.code === 'number'
  )
}
