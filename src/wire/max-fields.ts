import { MillraceError } from '../errors.js'

/**
 * Maximum number of fields in each message around the documents: the request, its header, its data. They usually have a
 * handful, plus one for each stage or shard; without a limit, 256 MiB of tiny fields would block the gateway for seconds.
 */
export const maxFields = 100_000

export function tooManyFields(message: string): MillraceError {
  return new MillraceError(
    'MALFORMED',
    `These bytes are not a request: ${message} has more than ${maxFields} fields; a handful is expected.`,
  )
}
