import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { TLSSocket } from 'node:tls'
import type { Call } from '../../call/call.js'
import { channelTransport, type RequestChannel } from '../../client-core/channel.js'
import { type HttpAnswer, readAnswer, requestHeaders } from '../../client-core/http-answer.js'
import type { Transport } from '../../client-core/transport.js'
import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import { ClientCredentials } from '../../tls/client-credentials.js'
import type { ClientTls } from '../../tls/client-tls.js'
import { isRefusedHandshake } from '../../tls/refused-handshake.js'
import type { DataRequest } from '../../wire/data-request.js'
import { type Packed, packed, unpacked } from './http-compression.js'

/** Connections of one client; further requests wait for a free one. */
const maxConnections = 128

export interface HttpPeer {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Used with `tls` only. */
  readonly credentials?: ClientTls | undefined
  /** Compress bodies, and let the server compress its answers. Default null: neither. */
  readonly compression?: 'gzip' | null
  readonly maxMessageBytes: number
}

/**
 * Transport to a Millrace gateway over HTTP: each request is a POST of protobuf. Documents of generators arrive as server-sent
 * events.
 *
 * @throws INVALID_OPTION when the credentials cannot be used
 */
export function httpTransport(peer: HttpPeer): Transport {
  return channelTransport(new HttpChannel(peer))
}

interface Exchange {
  readonly request: DataRequest
  readonly call: Call
  resolve(answer: DataRequest): void
  reject(error: unknown): void
}

class HttpChannel implements RequestChannel {
  readonly #peer: HttpPeer
  readonly #address: string
  readonly #compression: 'gzip' | null
  readonly #agent: http.Agent
  readonly #credentials: ClientCredentials | null
  #isClosed = false

  constructor(peer: HttpPeer) {
    const options = { keepAlive: true, maxSockets: maxConnections }
    this.#peer = peer
    this.#address = authority(peer.host, peer.port)
    this.#compression = peer.compression ?? null
    this.#credentials = peer.tls ? new ClientCredentials(peer.credentials) : null
    this.#agent = peer.tls ? new https.Agent(options) : new http.Agent(options)
  }

  handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    if (call.aborted !== undefined) return Promise.reject(call.aborted)
    const body = Buffer.concat(request.encodeParts())
    if (this.#compression === null) return this.#post({ body, headers: {} }, request, call)
    return packed(body).then((smaller) => {
      if (call.aborted !== undefined) throw call.aborted
      return this.#post(smaller, request, call)
    })
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#agent.destroy()
    return Promise.resolve()
  }

  #post(packed: Packed, request: DataRequest, call: Call): Promise<DataRequest> {
    return new Promise((resolve, reject) => this.#send(packed, { request, call, resolve, reject }))
  }

  #send({ body, headers }: Packed, { request, call, resolve, reject }: Exchange): void {
    const { host, port, tls, maxMessageBytes } = this.#peer
    const sent = (tls ? https : http).request({
      ...{ host, port, method: 'POST', path: '/post', agent: this.#agent },
      ...this.#credentials?.optionsFor(host),
      headers: { ...requestHeaders(call), ...headers, 'content-length': body.length },
    })
    const cancel = { abort: (reason: MillraceError) => sent.destroy(reason) }
    const fail = (error: unknown): void => {
      call.offAbort(cancel)
      reject(this.#lost(error, call, isUnsafe(sent)))
    }
    sent.on('error', fail)
    sent.on('response', (response) => {
      const options = { request, call, address: this.#address, maxMessageBytes }
      readAnswer(answerOf(response), options).then((answer) => {
        call.offAbort(cancel)
        resolve(answer)
      }, fail)
    })
    sent.end(body)
    call.onAbort(cancel)
  }

  /** `wasHeldBack`: the request was not sent, because the connection was not safe. */
  #lost(error: unknown, call: Call, wasHeldBack: boolean): MillraceError {
    if (call.aborted !== undefined) return call.aborted
    if (MillraceError.is(error)) return error
    if (this.#isClosed) return new MillraceError('CANCELLED', 'The client was closed.', { cause: error })
    return lostConnection(error, this.#address, { wasHeldBack })
  }
}

/** The error of a connection that could not be made, or was lost. `wasHeldBack`: nothing was sent. */
export function lostConnection(
  error: unknown,
  address: string,
  { wasHeldBack }: { readonly wasHeldBack: boolean },
): MillraceError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('ERR_') && !/^ERR_(TLS|SSL)_/.test(code))
    return new MillraceError('INVALID_OPTION', message, { cause: error })
  // without a connection nothing was sent
  const notRun =
    wasHeldBack ||
    isRefusedHandshake(error as Error) ||
    code === 'ECONNREFUSED' ||
    code === 'ENOTFOUND' ||
    code === 'EAI_AGAIN'
  return new MillraceError('UNAVAILABLE', `${address}: ${message}`, {
    where: { address },
    cause: error,
    notRun,
  })
}

/** Whether the server's certificate has not been accepted: Node sends a request after that. */
function isUnsafe({ socket }: http.ClientRequest): boolean {
  return socket instanceof TLSSocket && !socket.authorized
}

export function answerOf(response: IncomingMessage): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    header: (name) => response.headers[name]?.toString(),
    body: unpacked(response),
  }
}
