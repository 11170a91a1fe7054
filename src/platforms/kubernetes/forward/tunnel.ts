import type { Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import type { Cluster } from '../api/cluster.js'

/** The part of the library's web socket that is used here; it has no types of its own. */
interface WebSocketLike {
  readonly bufferedAmount: number
  send(bytes: Uint8Array, sent: (error?: Error) => void): void
  pause(): void
  resume(): void
  close(): void
  terminate(): void
  ping(): void
  on(event: 'close' | 'error', listener: (error?: unknown) => void): void
}

export interface PodPort {
  readonly namespace: string
  readonly pod: string
  readonly port: number
}

/** Bytes buffered towards the API before the local socket is paused. */
const mostWaiting = 1024 * 1024
/** Load balancers in front of an API cut idle connections: ping to keep them open. */
const pingMs = 20_000
const openMs = 15_000
const goodbyeMs = 2000

/**
 * Pipes bytes between a local socket and a pod's port until either side ends. Rejects, leaving the socket untouched, when the
 * pod cannot be reached.
 *
 * 1. Backpressure works in both directions.
 * 2. When one side closes, the other is closed after the bytes received before.
 */
export async function openTunnel(cluster: Cluster, target: PodPort, socket: Socket): Promise<void> {
  let web: WebSocketLike | undefined
  const output = new Writable({
    write(bytes: Buffer, _encoding, done) {
      if (!socket.destroyed && !socket.write(bytes) && web !== undefined) {
        web.pause()
        socket.once('drain', () => web?.resume())
      }
      done()
    },
  })
  const errors = new Writable({
    write(reason: Buffer, _encoding, done) {
      // the first message contains only the port; later ones are errors such as `connect: connection refused`
      if (reason.length > 0) socket.destroy()
      done()
    },
  })
  web = await opened(cluster, target, [output, errors])
  join(web, socket)
}

/** Opens the tunnel. Rejects with the library's error, or on timeout. */
async function opened(
  cluster: Cluster,
  { namespace, pod, port }: PodPort,
  [output, errors]: readonly [Writable, Writable],
): Promise<WebSocketLike> {
  const forward = new cluster.library.PortForward(cluster.config, true)
  // the library ignores backpressure of its input stream, so that stays empty and bytes are sent directly
  const opening = forward.portForward(namespace, pod, [port], output, errors, new PassThrough()) as unknown
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${openMs} ms`)), openMs)
  })
  try {
    return await Promise.race([opening as Promise<WebSocketLike>, late])
  } catch (error) {
    // close it if it opens after the timeout
    void (opening as Promise<WebSocketLike>).then((web) => web.terminate()).catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function join(web: WebSocketLike, socket: Socket): void {
  const pings = setInterval(() => web.ping(), pingMs)
  const end = (): void => {
    clearInterval(pings)
    socket.destroySoon()
    leave(web)
  }
  web.on('close', end)
  web.on('error', end)
  socket.on('close', end)
  socket.on('error', end)
  if (socket.destroyed) return end()
  socket.on('data', (bytes) => {
    web.send(framed(bytes), () => {
      if (socket.isPaused() && web.bufferedAmount <= mostWaiting) socket.resume()
    })
    if (web.bufferedAmount > mostWaiting) socket.pause()
  })
  socket.resume()
}

/** Sends what is buffered, then closes; terminates when the server does not answer the close frame. */
function leave(web: WebSocketLike): void {
  if (web.bufferedAmount === 0) return web.terminate()
  web.close()
  setTimeout(() => web.terminate(), goodbyeMs).unref()
}

/** Channel 0 of `portforward.k8s.io`: data of the first port. */
function framed(bytes: Buffer): Uint8Array {
  const frame = Buffer.allocUnsafe(bytes.length + 1)
  frame[0] = 0
  bytes.copy(frame, 1)
  return frame
}
