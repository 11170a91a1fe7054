import type { Socket } from 'node:net'
import type { Sender } from '../../call/call.js'
import { authority } from '../../lib/authority.js'

/** Address by which a server on `::` sees a client that uses IPv4 (RFC 4291, 2.5.5.2). */
const mapped = /^::ffff:(?=\d+\.)/i

/** The client at the other end of a connection. It is not slowed down, so it is refused where there is no room. */
export function connectionSender(protocol: string, { remoteAddress, remotePort }: Socket): Sender {
  const client = remoteAddress === undefined ? '' : authority(remoteAddress.replace(mapped, ''), remotePort)
  return { patient: false, protocol, client }
}

/** The same client as the sender of a stream, which is read no faster than it is answered. */
export function streamSender(sender: Sender | undefined): Sender {
  return { ...sender, patient: true }
}

/** A client of the Flow's own program: it keeps at most 32 MiB under way (client/transports/channel.ts), and waits for its answers. */
export function localSender(): Sender {
  return { patient: true, protocol: 'local' }
}
