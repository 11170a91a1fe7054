import { MillraceError } from '../errors.js'

/** The error for an answer, or a part of one, above `maxMessageBytes`. `what`: such as `An event`. */
export function tooLarge(what: string, maxBytes: number, cause?: unknown): MillraceError {
  const message = `${what} has more than the limit of ${maxBytes} bytes (maxMessageBytes).`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { retryable: false, cause })
}
