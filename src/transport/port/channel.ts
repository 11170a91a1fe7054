import { Caller } from '../frames/caller.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { PortLink } from './link.js'

/** Dials a port, which the channel owns from then on. Only the first call shows whether its other end is served. */
export function dialPort(
  address: Extract<Address, { kind: 'port' }>,
  options: DialOptions,
): Promise<Channel> {
  return Promise.resolve(new Caller(new PortLink(address.port, options), options))
}
