import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ByteReader } from '../../sockets/byte-reader.js'
import { ClientCredentials } from '../../tls/client-credentials.js'
import type { Peer } from './peer.js'

/** A socket that is connecting to a server. */
export interface Dialled {
  readonly socket: Socket
  /** The event that says that it is connected. */
  readonly connected: 'connect' | 'secureConnect'
  /** The `onread` of the socket; undefined when the stream of the socket is to be read. */
  readonly reader: ByteReader | undefined
}

/** The protocol's name in TLS (RFC 9113, 3.2). */
const protocols = ['h2']

/**
 * Creates a function that connects to the server, with prior knowledge of HTTP/2, or with TLS.
 *
 * @throws INVALID_OPTION when the credentials cannot be used
 */
export function dialler({ host, port, path, tls, credentials }: Peer): () => Dialled {
  if (!tls) {
    return () => {
      const reader = new ByteReader()
      const to = path === undefined ? { host, port, noDelay: true } : { path }
      const socket = connectTcp({ ...to, onread: reader })
      return { socket, connected: 'connect', reader }
    }
  }
  const own = new ClientCredentials(credentials)
  return () => {
    const socket = connectTls({ host, port, ...own.optionsFor(host), ALPNProtocols: protocols })
    socket.setNoDelay(true)
    return { socket, connected: 'secureConnect', reader: undefined }
  }
}
