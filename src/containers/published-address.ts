import { isIP } from 'node:net'
import { MillraceError } from '../errors.js'

/** Host address on which the gateway's port is published; null for all. @throws INVALID_OPTION for a host name */
export function publishedAddress(host: string): string | null {
  if (host === '0.0.0.0' || host === '::') return null
  if (host === 'localhost') return '127.0.0.1'
  if (isIP(host) !== 0) return host
  throw new MillraceError(
    'INVALID_OPTION',
    `The port of the gateway's container can be published at an address of this machine only, and host is ${JSON.stringify(host)}. Give the Flow '127.0.0.1', '0.0.0.0' for all, or another address as its host.`,
  )
}
