import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Peer } from './peer.js'

/** A socket that is connecting to a server. */
export interface Dialled {
  readonly socket: Socket
  /** The event that says that it is connected. */
  readonly connected: 'connect' | 'secureConnect'
}

/** The protocol's name in TLS (RFC 9113, 3.2). */
const protocols = ['h2']

/** Connects with prior knowledge of HTTP/2, or with TLS. */
export function dialPeer({ host, port, tls }: Peer): Dialled {
  if (!tls) return { socket: connectTcp({ host, port, noDelay: true }), connected: 'connect' }
  // an address is no server name (RFC 6066, 3)
  const servername = isIP(host) === 0 ? host : ''
  const socket = connectTls({ host, port, servername, ALPNProtocols: protocols })
  socket.setNoDelay(true)
  return { socket, connected: 'secureConnect' }
}
