import { MillraceError } from '../errors.js'

/**
 * The failure of a write, as its caller must be told: OUTCOME_UNKNOWN instead of an error after which callers send a request
 * again (`retryable`, or a code that other programs take for that), unless no handler has seen the write (`notRun`).
 */
export function writeFailure(error: MillraceError): MillraceError {
  const mayRepeat = error.retryable || error.code === 'UNAVAILABLE'
  return mayRepeat && !error.notRun ? outcomeUnknown(error) : error
}

/** The error of a failed write that may have run; `error` is the reason. */
export function outcomeUnknown(error: MillraceError): MillraceError {
  const { code, message, ...facts } = error.facts
  const { pod } = error.where
  const isLost = code === 'UNAVAILABLE' && pod !== undefined
  const why = isLost ? `${pod} was lost while it ran a write. ` : ''
  const head = `${why}It is unknown whether the write was done, so it is not sent again.`
  return new MillraceError('OUTCOME_UNKNOWN', `${head} ${message}`, {
    ...facts,
    cause: error,
    retryable: false,
    retryAfterMs: null,
  })
}

/** The same failure, where other requests that end with it, or earlier stages, may have run. */
export function maybeRun(error: MillraceError): MillraceError {
  if (!error.notRun) return error
  const { code, message, ...facts } = error.facts
  return new MillraceError(code, message, { ...facts, notRun: false, cause: error })
}
