import type {
  ClientSocket,
  Dialed,
  Dialer,
  SocketEnd,
  SocketListener,
} from '../client-core/websocket/socket.js'
import { webSocketTransport as transportOver } from '../client-core/websocket/transport.js'
import { tooLarge } from '../client-core/too-large.js'
import type { Transport } from '../client-core/transport.js'
import { MillraceError } from '../errors.js'
import { headerOffer, pageOffer, pageWindow } from '../wire/websocket.js'
import { pageHint, type WebPeer } from './peer.js'

/** Browsers do not say when bytes were taken: the socket looks so often while more than `unwatchedBytes` are unsent. */
const watchMs = 10
const unwatchedBytes = 64 * 1024

/** Transport to a Millrace gateway with the `WebSocket` of browsers. */
export function webSocketTransport(peer: WebPeer): Transport {
  return transportOver(new PageDialer(peer))
}

class PageDialer implements Dialer {
  readonly address: string
  readonly #peer: WebPeer

  constructor(peer: WebPeer) {
    this.address = peer.address
    this.#peer = peer
  }

  dial({ subprotocol, headers }: Dialed, listener: SocketListener): ClientSocket {
    const offers = Object.entries(headers).map(([name, value]) => headerOffer(`${name}:${value}`))
    try {
      const socket = new WebSocket(this.#peer.origin, [subprotocol, pageOffer, ...offers])
      return new PageSocket(socket, listener, this.#peer)
    } catch (error) {
      // a page of https that asks for ws://
      throw MillraceError.from(error, 'INVALID_OPTION')
    }
  }
}

/** A page cannot hold its socket back, so it tells the gateway how many documents of a stream it has taken (`pageWindow`). */
class PageSocket implements ClientSocket {
  readonly #socket: WebSocket
  readonly #listener: SocketListener
  /** Sent before the socket is open. */
  #early: Uint8Array[] | undefined = []
  #earlyBytes = 0
  /** Documents that the gateway does not know to be taken. */
  #untold = 0
  #isPaused = false
  #watch: ReturnType<typeof setInterval> | undefined
  #failure: MillraceError | undefined

  constructor(socket: WebSocket, listener: SocketListener, peer: WebPeer) {
    this.#socket = socket
    this.#listener = listener
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      const early = this.#early!
      this.#early = undefined
      this.#earlyBytes = 0
      for (const bytes of early) this.send(bytes)
      listener.taken()
    }
    socket.onmessage = ({ data }) => this.#received(new Uint8Array(data as ArrayBuffer), peer)
    socket.onclose = ({ code, reason }) => this.#closed(this.#endOf(code, reason, peer))
    // Node 22 tells no more of a socket that could not be opened
    socket.onerror = () => this.#early && this.#closed(this.#endOf(0, '', peer))
  }

  get unsentBytes(): number {
    return this.#earlyBytes + this.#socket.bufferedAmount
  }

  send(bytes: Uint8Array): void {
    if (this.#early === undefined) {
      this.#socket.send(bytes)
      if (this.unsentBytes > unwatchedBytes) this.#watch ??= setInterval(() => this.#look(), watchMs)
    } else {
      this.#early.push(bytes)
      this.#earlyBytes += bytes.length
    }
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#tell()
  }

  terminate(): void {
    this.#socket.close()
  }

  #received(bytes: Uint8Array, { address, maxMessageBytes }: WebPeer): void {
    if (bytes.length > maxMessageBytes) {
      this.#failure ??= tooLarge(`The answer of ${address}`, maxMessageBytes)
      return this.terminate()
    }
    this.#listener.message(bytes)
    this.#untold++
    if (!this.#isPaused) this.#tell()
  }

  #tell(): void {
    for (; this.#untold >= pageWindow / 2; this.#untold -= pageWindow / 2) this.#socket.send(new Uint8Array())
  }

  #look(): void {
    if (this.unsentBytes <= unwatchedBytes) {
      clearInterval(this.#watch)
      this.#watch = undefined
    }
    this.#listener.taken()
  }

  #closed(end: SocketEnd): void {
    this.#socket.onclose = null
    clearInterval(this.#watch)
    this.#listener.closed(end)
  }

  #endOf(code: number, reason: string, { address, origin }: WebPeer): SocketEnd {
    if (this.#failure !== undefined) return { error: this.#failure }
    if (this.#early === undefined) return { code, reason }
    const what = `${address}: no WebSocket could be opened${pageHint(origin)}`
    return { error: new MillraceError('UNAVAILABLE', what, { where: { address }, notRun: true }) }
  }
}
