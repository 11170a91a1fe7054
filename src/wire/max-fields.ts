import { MillraceError } from '../errors.js'

/**
 * Fields of one of the messages around the documents: the request, its header, its data. They have a handful, and one more a
 * stage or shard; without a bound, 256 MiB of the smallest fields would hold up the gateway for seconds.
 */
export const maxFields = 100_000

export function tooManyFields(message: string): MillraceError {
  return new MillraceError(
    'MALFORMED',
    `These bytes are no request: ${message} has more than ${maxFields} fields; a handful is expected.`,
  )
}
