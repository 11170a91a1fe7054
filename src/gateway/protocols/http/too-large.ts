import { MillraceError } from '../../../errors.js'

/** The refusal of a body with more than `maxBytes` bytes, as it arrives or as it is unpacked. */
export function tooLarge(maxBytes: number): MillraceError {
  const what = `The body has more than ${maxBytes} bytes (maxMessageBytes). Send fewer documents in a request, or raise the limit.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false, notRun: true })
}
