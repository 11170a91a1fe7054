import type { ErrorCode } from '../errors.js'

/** gRPC status codes (grpc.io, "Status codes and their use in gRPC"). */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

interface Row {
  readonly code: number
  readonly name: string
  /** Error code for this status when a peer answers it. */
  readonly received: ErrorCode
  /** Error codes that are answered with this status. */
  readonly sent: readonly ErrorCode[]
}

/** In numerical order. Errors that are not listed are answered with INTERNAL. */
const statuses: readonly Row[] = [
  { code: grpcCode.ok, name: 'OK', received: 'INTERNAL', sent: [] },
  { code: grpcCode.cancelled, name: 'CANCELLED', received: 'CANCELLED', sent: ['CANCELLED'] },
  { code: grpcCode.unknown, name: 'UNKNOWN', received: 'INTERNAL', sent: ['OUTCOME_UNKNOWN'] },
  {
    code: grpcCode.invalidArgument,
    name: 'INVALID_ARGUMENT',
    received: 'INVALID_INPUT',
    sent: ['INVALID_INPUT', 'MALFORMED'],
  },
  {
    code: grpcCode.deadlineExceeded,
    name: 'DEADLINE_EXCEEDED',
    received: 'DEADLINE_EXCEEDED',
    sent: ['DEADLINE_EXCEEDED'],
  },
  { code: grpcCode.notFound, name: 'NOT_FOUND', received: 'NOT_FOUND', sent: ['NOT_FOUND'] },
  { code: grpcCode.alreadyExists, name: 'ALREADY_EXISTS', received: 'INTERNAL', sent: [] },
  { code: grpcCode.permissionDenied, name: 'PERMISSION_DENIED', received: 'UNSUPPORTED', sent: [] },
  {
    code: grpcCode.resourceExhausted,
    name: 'RESOURCE_EXHAUSTED',
    received: 'RESOURCE_EXHAUSTED',
    sent: ['RESOURCE_EXHAUSTED'],
  },
  {
    code: grpcCode.failedPrecondition,
    name: 'FAILED_PRECONDITION',
    received: 'UNSUPPORTED',
    sent: ['POISON_REQUEST'],
  },
  { code: grpcCode.aborted, name: 'ABORTED', received: 'UNAVAILABLE', sent: [] },
  { code: grpcCode.outOfRange, name: 'OUT_OF_RANGE', received: 'INTERNAL', sent: [] },
  { code: grpcCode.unimplemented, name: 'UNIMPLEMENTED', received: 'UNSUPPORTED', sent: ['UNSUPPORTED'] },
  { code: grpcCode.internal, name: 'INTERNAL', received: 'INTERNAL', sent: ['INTERNAL'] },
  { code: grpcCode.unavailable, name: 'UNAVAILABLE', received: 'UNAVAILABLE', sent: ['UNAVAILABLE'] },
  { code: grpcCode.dataLoss, name: 'DATA_LOSS', received: 'MALFORMED', sent: [] },
  {
    code: grpcCode.unauthenticated,
    name: 'UNAUTHENTICATED',
    received: 'UNAUTHENTICATED',
    sent: ['UNAUTHENTICATED'],
  },
]

const sentFor = new Map(statuses.flatMap(({ code, sent }) => sent.map((error) => [error, code] as const)))

/** The status for an error code. */
export function statusCode(error: ErrorCode): number {
  return sentFor.get(error) ?? grpcCode.internal
}

/** The error code for a status that a peer answers. */
export function errorCode(status: number): ErrorCode {
  return statuses[status]?.received ?? 'INTERNAL'
}

/** `UNAVAILABLE`; `status 99` for a number that gRPC does not define. */
export function statusName(code: number): string {
  return statuses[code]?.name ?? `status ${code}`
}

/** The status for an HTTP answer without a gRPC status (grpc.io, "HTTP to gRPC Status Code Mapping"). */
export function codeOfHttpStatus(status: number): number {
  if (status === 400) return grpcCode.internal
  if (status === 401) return grpcCode.unauthenticated
  if (status === 403) return grpcCode.permissionDenied
  if (status === 404) return grpcCode.unimplemented
  return [429, 502, 503, 504].includes(status) ? grpcCode.unavailable : grpcCode.unknown
}

/** HTTP/2's REFUSED_STREAM: the peer did not process the stream (RFC 9113, 8.7). */
export const refusedStream = 0x7

/** The status for a stream that the peer reset (grpc.io, "gRPC over HTTP2", Errors). */
export function codeOfReset(reset: number): number {
  if (reset === refusedStream) return grpcCode.unavailable
  if (reset === 0x8) return grpcCode.cancelled
  return reset === 0xb ? grpcCode.resourceExhausted : grpcCode.internal
}
