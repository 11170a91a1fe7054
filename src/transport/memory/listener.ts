import type { Service } from '../../call/call.js'
import { Acceptor } from '../frames/acceptor.js'
import type { Listener } from '../transport.js'

/** A service that was not passed to `listen` is dialled as well: an acceptor is made for it then. */
const acceptors = new WeakMap<Service, Acceptor>()

export function listenMemory(service: Service): Promise<Listener> {
  const own: Service = {
    handle: service.handle,
    stream: service.stream,
    describe: () => service.describe(),
  }
  const acceptor = acceptorOf(own)
  return Promise.resolve({
    address: { kind: 'memory', service: own },
    close: (options) => acceptor.close(options?.graceMs),
  })
}

export function acceptorOf(service: Service): Acceptor {
  const known = acceptors.get(service)
  if (known !== undefined) return known
  const acceptor = new Acceptor(service)
  acceptors.set(service, acceptor)
  return acceptor
}
