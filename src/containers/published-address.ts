import { isIP } from 'node:net'
import { isWildcard } from '../lib/authority.js'
import { MillraceError } from '../errors.js'

/** Host address on which the gateway's port is published; null for all. @throws INVALID_OPTION for a host name */
export function publishedAddress(host: string): string | null {
  if (isWildcard(host)) return null
  if (host === 'localhost') return '127.0.0.1'
  if (isIP(host) !== 0) return host
  throw new MillraceError(
    'INVALID_OPTION',
    `The gateway's port can only be published at an IP address of this machine, but host is ${JSON.stringify(host)}. Set the Flow's host to '127.0.0.1', '0.0.0.0' for all addresses, or another IP address.`,
  )
}
