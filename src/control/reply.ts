import { type ErrorCode, MillraceError } from '../errors.js'

/** What an answer consists of; `body` is sent as JSON. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The body of an answer that is none. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** HTTP status (RFC 9110) of what is not a defect of ours: 500. */
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

/** An error as an answer: its code and message, nothing of its stack. */
export function refuse(
  error: unknown,
  status?: number,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { code, message } = MillraceError.from(error)
  return { status: status ?? statuses[code] ?? 500, body: { code, message } satisfies Refusal, headers }
}
