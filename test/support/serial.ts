import { once } from 'node:events'
import { type ConnectionOptions, connect } from 'node:tls'

/** The serial number of the certificate that a server on this machine shows. */
export async function serialOf(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}
