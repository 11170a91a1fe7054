import { Caller } from '../frames/caller.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { connectTo } from './listener.js'

/** Calls a service of the same thread through the very code of the other kinds; requests are copied, as they are elsewhere. */
export function dialMemory(
  { service }: Extract<Address, { kind: 'memory' }>,
  { maxFrameBytes }: DialOptions,
): Promise<Channel> {
  return Promise.resolve(new Caller(connectTo(service, maxFrameBytes)))
}
