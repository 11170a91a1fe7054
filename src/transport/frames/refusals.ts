import { MillraceError } from '../../errors.js'
import type { Link } from './link.js'

/** The pod drains. */
export function stopping(): MillraceError {
  return new MillraceError('UNAVAILABLE', 'This pod is stopping and takes no new requests.', { notRun: true })
}

/** The deadline that the caller set has passed. */
export function expired(): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed before the request was done.')
}

/** A request or an answer is larger than a frame may be. Not retryable: it would be too large again. */
export function tooLarge(what: string, size: number, { maxFrameBytes }: Link): MillraceError {
  const message = `This ${what} has ${size} bytes; at most ${maxFrameBytes} pass between two stages. Send fewer documents at a time.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { retryable: false, notRun: what === 'request' })
}
