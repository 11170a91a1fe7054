import type { Socket } from 'node:net'
import type { Sender } from '../../call/call.js'
import { authority } from '../../lib/authority.js'

/** Prefix of an IPv4 client's address on a server that is bound to `::` (RFC 4291, 2.5.5.2). */
const mapped = /^::ffff:(?=\d+\.)/i

/**
 * The sender of a connection's calls. It is not patient: there is no backpressure on it, so requests without room are
 * refused.
 */
export function connectionSender(protocol: string, { remoteAddress, remotePort }: Socket): Sender {
  const client = remoteAddress === undefined ? '' : authority(remoteAddress.replace(mapped, ''), remotePort)
  return { patient: false, protocol, client }
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
