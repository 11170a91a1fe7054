import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Service } from '../../call/call.js'
import { Acceptor } from '../frames/acceptor.js'
import type { Listener, ListenOptions } from '../transport.js'
import { PortLink } from './link.js'

/**
 * Serves one port: the given `port`, or one end of a new pair whose other end becomes the address. A port can be dialled once,
 * by one thread.
 */
export function listenPort(
  service: Service,
  port: MessagePort | null,
  options: ListenOptions,
): Promise<Listener> {
  const pair = port === null ? new MessageChannel() : { port1: port, port2: port }
  const acceptor = new Acceptor(service, options)
  acceptor.accept(new PortLink(pair.port1, options))
  return Promise.resolve({
    address: { kind: 'port', port: pair.port2 },
    close: ({ graceMs } = {}) => acceptor.close(graceMs),
  })
}
