import { createConnection, type Socket } from 'node:net'
import { MillraceError } from '../../errors.js'
import { Caller } from '../frames/caller.js'
import { abortReason } from '../../call/from-signal.js'
import type { Address, Channel, DialOptions } from '../transport.js'
import { SocketLink } from './link.js'
import { SocketReader } from './reader.js'

/** Connects to a Unix domain socket; rejects with UNAVAILABLE when nothing listens there. */
export async function dialSocket(
  { path }: Extract<Address, { kind: 'socket' }>,
  options: DialOptions,
): Promise<Channel> {
  const { signal, maxFrameBytes } = options
  if (signal?.aborted === true) throw abortReason(signal)
  const reader = new SocketReader()
  const socket = await connected(createConnection({ path, onread: reader }), { path, signal })
  return new Caller(new SocketLink(socket, { maxFrameBytes, pauses: false, reader }), options)
}

function connected(
  socket: Socket,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      socket.destroy()
      reject(abortReason(signal!))
    }
    const onError = (error: Error): void => {
      signal?.removeEventListener('abort', onAbort)
      reject(
        new MillraceError('UNAVAILABLE', `Cannot connect to ${path}: ${error.message}.`, {
          cause: error,
          notRun: true,
        }),
      )
    }
    signal?.addEventListener('abort', onAbort)
    socket.once('error', onError)
    socket.once('connect', () => {
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('error', onError)
      resolve(socket)
    })
  })
}
