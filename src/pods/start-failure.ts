import { type ErrorCode, MillraceError } from '../errors.js'

/** Why a worker did not start, as plain data. */
export interface StartFailure {
  readonly code: ErrorCode | null
  readonly message: string
  /** Where the user's own code failed, when it was that. */
  readonly stack: string
}

export function describeFailure(error: unknown): StartFailure {
  return {
    code: MillraceError.is(error) ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
    stack: innermostStack(error),
  }
}

/** The failure as the cause of what the starter of the pod throws. */
export function failureCause({ code, message, stack }: StartFailure): Error {
  const cause = code === null ? new Error(message) : new MillraceError(code, message)
  cause.stack = stack
  return cause
}

/** Of a chain of causes the first one: the rest says what we did about it. */
function innermostStack(error: unknown): string {
  let innermost = error
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause
  return innermost instanceof Error ? (innermost.stack ?? String(innermost)) : String(innermost)
}
