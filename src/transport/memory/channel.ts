import { Caller } from '../frames/caller.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { connectTo } from './listener.js'

/** Dials a service on the same thread, with the frames of the other transports; requests are copied as there. */
export function dialMemory(
  { service }: Extract<Address, { kind: 'memory' }>,
  options: DialOptions,
): Promise<Channel> {
  return Promise.resolve(new Caller(connectTo(service, options.maxFrameBytes), options))
}
