import { Caller } from '../frames/caller.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { MemoryLink } from './link.js'
import { acceptorOf } from './listener.js'

/** Calls a service of the same thread through the very code of the other kinds; requests are copied, as they are elsewhere. */
export function dialMemory(
  address: Extract<Address, { kind: 'memory' }>,
  options: DialOptions,
): Promise<Channel> {
  const near = new MemoryLink(options.maxFrameBytes)
  const far = new MemoryLink()
  MemoryLink.pair(near, far)
  acceptorOf(address.service).accept(far)
  return Promise.resolve(new Caller(near))
}
