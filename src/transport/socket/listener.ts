import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { Service } from '../../call/call.js'
import { MillraceError } from '../../errors.js'
import { Acceptor } from '../frames/acceptor.js'
import type { Listener, ListenOptions } from '../transport.js'
import { readWith } from '../../sockets/read-with.js'
import { SocketLink } from './link.js'
import { SocketReader } from './reader.js'

/** Listens on a Unix domain socket that only this user may open (0600); its folder should be private as well (0700). */
export async function listenSocket(
  path: string,
  service: Service,
  options: ListenOptions,
): Promise<Listener> {
  const { maxFrameBytes } = options
  const acceptor = new Acceptor(service, options)
  const server = createServer((accepted) => {
    const reader = new SocketReader()
    // nothing has been read yet
    const direct = readWith(reader, accepted)
    const options = { maxFrameBytes, pauses: true }
    acceptor.accept(
      direct === null
        ? new SocketLink(accepted, options)
        : new SocketLink(direct.socket, { ...options, reader }),
    )
  })
  await listening(server, path)
  chmodSync(path, 0o600)
  return {
    address: { kind: 'socket', path },
    async close({ graceMs } = {}) {
      // removes the file as well
      server.close()
      await acceptor.close(graceMs)
    },
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new MillraceError('START_FAILED', `Cannot listen on the socket ${path}: ${error.message}.`, {
          cause: error,
        }),
      )
    })
    server.listen({ path }, resolve)
  })
}
