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

/** For what cannot be copied to where the pod runs: a function among the options, say. */
export function describeUncopyable(error: unknown): StartFailure {
  const reason = error instanceof Error ? error.message : String(error)
  const message =
    `its options cannot be copied to where it runs: ${reason} ` +
    'usesWith and usesMetas must be plain data; functions and open resources belong into the constructor.'
  return { code: 'INVALID_OPTION', message, stack: message }
}

/** Of a chain of causes the first one: the rest says what we did about it. */
function innermostStack(error: unknown): string {
  let innermost = error
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause
  return innermost instanceof Error ? (innermost.stack ?? String(innermost)) : String(innermost)
}
