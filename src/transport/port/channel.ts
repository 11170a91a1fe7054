import { Caller } from '../frames/caller.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { PortLink } from './link.js'

/** The port belongs to the channel from now on. Whether somebody listens at its other end shows with the first call. */
export function dialPort(
  address: Extract<Address, { kind: 'port' }>,
  options: DialOptions,
): Promise<Channel> {
  return Promise.resolve(new Caller(new PortLink(address.port, options)))
}
