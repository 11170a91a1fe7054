import { MillraceError } from '../errors.js'

/**
 * Most fields of one of the messages around the documents: the request, its header, its data. They have a handful, and one
 * more for each stage or shard; without a limit, 256 MiB of tiny fields would block the gateway for seconds.
 */
export const maxFields = 100_000

export function tooManyFields(message: string): MillraceError {
  return new MillraceError(
    'MALFORMED',
    `These bytes are not a request: ${message} has more than ${maxFields} fields; a handful is expected.`,
  )
}
