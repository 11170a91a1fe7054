import { type OnReadOpts, Socket } from 'node:net'

/** What Node's sockets have in common beneath their streams: not documented, and the same in Node 20 to 26. */
interface Handle {
  reading: boolean
  readStop(): number
  useUserBuffer?: unknown
}

interface HandleOwner {
  _handle: Handle | null
}

/** A socket that is read with `onread`. */
export interface DirectSocket {
  readonly socket: Socket
  /** Bytes that had been read before; null when there were none. */
  readonly first: Buffer | null
}

/**
 * Replaces a socket that was accepted by one that is read with `onread`, which Node offers only for sockets that connect. Both
 * close together; from now on use only the new one.
 *
 * Null for anything but a plain socket of TCP or a Unix socket that is open, such as one with TLS, and where Node has changed
 * beneath: then read the socket's stream.
 */
export function readWith(onread: OnReadOpts, accepted: Socket): DirectSocket | null {
  const owner = accepted as unknown as HandleOwner
  const handle = owner._handle
  const isPlain = Object.getPrototypeOf(accepted) === Socket.prototype
  if (!isPlain || accepted.destroyed || accepted.writableLength > 0) return null
  if (typeof handle?.useUserBuffer !== 'function' || typeof handle.readStop !== 'function') return null
  handle.readStop()
  handle.reading = false
  const first = accepted.read() as Buffer | null
  owner._handle = null
  // `handle` is what Node's own server creates its sockets with
  const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0])
  socket.on('error', ignore) // `close` follows
  socket.once('close', () => accepted.destroy())
  accepted.once('close', () => socket.destroy())
  return { socket, first }
}

function ignore(): void {}
