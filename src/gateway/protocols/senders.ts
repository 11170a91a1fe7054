import type { Socket } from 'node:net'
import type { Sender } from '../../call/call.js'
import { authority } from '../../lib/authority.js'
import { network } from '../rate-limit/network.js'

/** Prefix of an IPv4 client's address on a server that is bound to `::` (RFC 4291, 2.5.5.2). */
const mapped = /^::ffff:(?=\d+\.)/i

/**
 * The sender of a connection's calls. It is not patient: there is no backpressure on it, so requests without room are
 * refused.
 */
export function connectionSender(protocol: string, socket: Socket): Sender {
  const address = addressOf(socket)
  const client = address === '' ? '' : authority(address, socket.remotePort)
  return { patient: false, protocol, client, address: network(address) }
}

/** The address of a connection's client, an IPv4 address also where the server is bound to `::`; empty once it has closed. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return plainAddress(remoteAddress)
}

/** An address of IPv4 as such, not as one of IPv6. */
export function plainAddress(address: string): string {
  return address.replace(mapped, '')
}

/** The same client as the sender of a stream. It is patient: the stream is read no faster than it is answered. */
export function streamSender(sender: Sender | undefined): Sender {
  return { ...sender, patient: true }
}

/**
 * A client in the Flow's own program. It is patient: it keeps at most 32 MiB in flight (client/transports/channel.ts) and
 * waits for its answers.
 */
export function localSender(): Sender {
  return { patient: true, protocol: 'local' }
}
