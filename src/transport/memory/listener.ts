import type { Service } from '../../call/call.js'
import { Acceptor } from '../frames/acceptor.js'
import type { Listener, ListenOptions } from '../transport.js'
import { MemoryLink } from './link.js'

interface MemoryEnd {
  readonly acceptor: Acceptor
  readonly maxFrameBytes: number | undefined
}

const ends = new WeakMap<Service, MemoryEnd>()

export function listenMemory(service: Service, options: ListenOptions): Promise<Listener> {
  // a new object for each listener: a service may have several
  const address: Service = {
    handle: (request, call) => service.handle(request, call),
    describe: () => service.describe(),
    measure: async () => (await service.measure?.()) ?? [],
    ...(service.concurrency !== undefined && { concurrency: service.concurrency }),
  }
  const acceptor = new Acceptor(address, options)
  ends.set(address, { acceptor, maxFrameBytes: options.maxFrameBytes })
  return Promise.resolve({
    address: { kind: 'memory', service: address },
    close: ({ graceMs } = {}) => acceptor.close(graceMs),
  })
}

/** The dialling side of a new connection to the service. A service without a listener gets one. */
export function connectTo(service: Service, maxFrameBytes: number | undefined): MemoryLink {
  let end = ends.get(service)
  if (end === undefined) {
    end = { acceptor: new Acceptor(service), maxFrameBytes: undefined }
    ends.set(service, end)
  }
  const near = new MemoryLink(maxFrameBytes)
  const far = new MemoryLink(end.maxFrameBytes)
  MemoryLink.pair(near, far)
  end.acceptor.accept(far)
  return near
}
