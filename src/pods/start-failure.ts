import { type ErrorCode, MillraceError } from '../errors.js'
import { reasonOf } from '../lib/reason.js'

/** Why a worker did not start, as plain data. */
export interface StartFailure {
  readonly code: ErrorCode | null
  readonly message: string
  /** Stack of the innermost cause, which is the user's own code if that failed. */
  readonly stack: string
}

/** Converts an error to a `StartFailure`. */
export function describeFailure(error: unknown): StartFailure {
  return {
    code: MillraceError.is(error) ? error.code : null,
    message: reasonOf(error),
    stack: innermostStack(error),
  }
}

/** The failure for options that cannot be copied to the pod, such as a function. */
export function describeUncopyable(error: unknown): StartFailure {
  const reason = reasonOf(error)
  const message =
    `its options cannot be copied to where it runs: ${reason} ` +
    'usesWith and usesMetas must be plain data; create functions and open resources in the constructor.'
  return { code: 'INVALID_OPTION', message, stack: message }
}

/** Stack of the root cause, because the outer errors only add context. */
function innermostStack(error: unknown): string {
  let innermost = error
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause
  return innermost instanceof Error ? (innermost.stack ?? String(innermost)) : String(innermost)
}
