import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { WebSocket } from 'ws'
import { readAnswer } from '../../client-core/http-answer.js'
import { tooLarge } from '../../client-core/too-large.js'
import type { Transport } from '../../client-core/transport.js'
import type {
  ClientSocket,
  Dialed,
  Dialer,
  SocketEnd,
  SocketListener,
} from '../../client-core/websocket/socket.js'
import { webSocketTransport as transportOver } from '../../client-core/websocket/transport.js'
import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import { ClientCredentials } from '../../tls/client-credentials.js'
import { DataRequest } from '../../wire/data-request.js'
import { answerOf, type HttpPeer, lostConnection } from './http.js'
import { Scope } from '../../call/scope.js'

/** Loaded by the first call over WebSocket: other programs need neither the time nor the package. */
const load = createRequire(import.meta.url) as (name: 'ws') => { readonly WebSocket: typeof WebSocket }

/** Transport to a Millrace gateway over WebSocket. @throws INVALID_OPTION when the credentials cannot be used */
export function webSocketTransport(peer: HttpPeer): Transport {
  return transportOver(new WsDialer(peer))
}

class WsDialer implements Dialer {
  readonly address: string
  readonly #url: string
  readonly #peer: HttpPeer
  readonly #credentials: ClientCredentials | null

  constructor(peer: HttpPeer) {
    const { host, port, tls, credentials } = peer
    this.address = authority(host, port)
    this.#url = `${tls ? 'wss' : 'ws'}://${this.address}/`
    this.#peer = peer
    this.#credentials = tls ? new ClientCredentials(credentials) : null
  }

  dial({ subprotocol, headers }: Dialed, listener: SocketListener): ClientSocket {
    const { host, maxMessageBytes } = this.#peer
    let websocket: WebSocket
    try {
      websocket = new (load('ws').WebSocket)(this.#url, [subprotocol], {
        ...this.#credentials?.optionsFor(host),
        headers: { ...headers },
        perMessageDeflate: false,
        maxPayload: maxMessageBytes,
      })
    } catch (cause) {
      // a header that HTTP does not allow
      throw new MillraceError('INVALID_OPTION', (cause as Error).message, { cause })
    }
    return new WsSocket(websocket, listener, { address: this.address, maxMessageBytes })
  }
}

class WsSocket implements ClientSocket {
  readonly #websocket: WebSocket
  readonly #listener: SocketListener
  /** Sent before the socket is open. */
  readonly #early: Uint8Array[] = []
  #earlyBytes = 0
  #wasOpen = false
  #failure: Promise<MillraceError> | undefined

  constructor(
    websocket: WebSocket,
    listener: SocketListener,
    options: { readonly address: string; readonly maxMessageBytes: number },
  ) {
    this.#websocket = websocket
    this.#listener = listener
    websocket.on('open', () => this.#opened())
    websocket.on('message', (bytes: Buffer) => listener.message(bytes))
    websocket.on('unexpected-response', (_request, response) => {
      this.#failure = refusalOf(response, options)
      void this.#failure.then(() => websocket.terminate())
    })
    websocket.on('error', (error) => {
      this.#failure ??= Promise.resolve(errorOf(error, { ...options, wasHeldBack: !this.#wasOpen }))
    })
    websocket.on('close', (code: number, reason: Buffer) => {
      void this.#endOf(code, reason.toString()).then((end) => listener.closed(end))
    })
  }

  get unsentBytes(): number {
    return this.#earlyBytes + this.#websocket.bufferedAmount
  }

  send(bytes: Uint8Array): void {
    if (this.#websocket.readyState === this.#websocket.CONNECTING) {
      this.#early.push(bytes)
      this.#earlyBytes += bytes.length
    } else this.#websocket.send(bytes, () => this.#listener.taken())
  }

  pause(): void {
    this.#websocket.pause()
  }

  resume(): void {
    this.#websocket.resume()
  }

  terminate(): void {
    this.#websocket.terminate()
  }

  #opened(): void {
    this.#wasOpen = true
    this.#earlyBytes = 0
    for (const bytes of this.#early.splice(0)) this.send(bytes)
    this.#listener.taken()
  }

  async #endOf(code: number, reason: string): Promise<SocketEnd> {
    const error = await this.#failure
    return error === undefined ? { code, reason } : { error }
  }
}

/** The error of a handshake that was refused, as over HTTP. */
async function refusalOf(
  response: IncomingMessage,
  { address, maxMessageBytes }: { readonly address: string; readonly maxMessageBytes: number },
): Promise<MillraceError> {
  const call = new Scope(Number.POSITIVE_INFINITY, {})
  const options = { request: DataRequest.create({ endpoint: '' }), call, address, maxMessageBytes }
  try {
    await readAnswer(answerOf(response), options)
  } catch (error) {
    return MillraceError.is(error) ? error : lostConnection(error, address, { wasHeldBack: true })
  }
  return new MillraceError('UNSUPPORTED', `${address} does not speak WebSocket.`)
}

/** The error of a connection, or of a server that breaks the protocol. */
function errorOf(
  error: NodeJS.ErrnoException,
  {
    address,
    maxMessageBytes,
    wasHeldBack,
  }: { readonly address: string; readonly maxMessageBytes: number; readonly wasHeldBack: boolean },
): MillraceError {
  switch (error.code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return tooLarge(`The answer of ${address}`, maxMessageBytes, error)
    case undefined:
      // of `ws` itself, such as a handshake without the sub-protocol
      return new MillraceError(
        'UNSUPPORTED',
        `${address}: ${error.message} This client needs a gateway of Millrace.`,
        { cause: error },
      )
    default:
      return lostConnection(error, address, { wasHeldBack })
  }
}
