import { MillraceError } from '../../../../errors.js'

/**
 * The refusal of an answer that cannot be JSON; `remedy` says how the client gets it. Undefined for other failures, such as
 * those of the thread and of the caller.
 */
export function unwritable(error: MillraceError, remedy: string): MillraceError | undefined {
  if (!['INVALID_INPUT', 'MALFORMED', 'UNSUPPORTED'].includes(error.code)) return undefined
  return new MillraceError('UNSUPPORTED', `The answer cannot be JSON: ${error.message} ${remedy}`, {
    cause: error,
  })
}
