import { type ErrorCode, MillraceError } from '../errors.js'

/** An HTTP response; `body` is sent as JSON. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Body of an error response. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** HTTP status (RFC 9110) by error code; 500 for codes not listed. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  INVALID_OPTION: 400,
  UNKNOWN_OPTION: 400,
  INVALID_NAME: 400,
  INVALID_INPUT: 400,
  MALFORMED: 400,
  NOT_FOUND: 404,
  NOT_STARTED: 409,
  ALREADY_STARTED: 409,
  UNSUPPORTED: 422,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  START_TIMEOUT: 504,
}

/** Converts an error to a response with its code and message, without the stack. */
export function refuse(
  error: unknown,
  status?: number,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { code, message } = MillraceError.from(error)
  return { status: status ?? statuses[code] ?? 500, body: { code, message } satisfies Refusal, headers }
}
