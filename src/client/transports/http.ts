import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Call } from '../../call/call.js'
import { type ErrorCode, errorCodes, MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import { DataRequest } from '../../wire/data-request.js'
import {
  eventsType,
  notRunHeader,
  protobufType,
  statusHeader,
  timeoutHeader,
} from '../../wire/gateway-headers.js'
import type { Transport } from '../transport.js'
import { channelTransport, type RequestChannel } from './channel.js'
import { readEvents } from './event-stream.js'

/** Connections of one client; further requests wait for a free one. */
const maxConnections = 128

/** Metadata of gRPC that the client itself obeys. */
const ownHeaders: ReadonlySet<string> = new Set(['__prefetch__', '__results_in_order__'])

export interface HttpPeer {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly maxMessageBytes: number
}

/**
 * Transport to a Millrace gateway over HTTP: each request is a POST of protobuf. Documents of generators arrive as server-sent
 * events.
 */
export function httpTransport(peer: HttpPeer): Transport {
  return channelTransport(new HttpChannel(peer))
}

class HttpChannel implements RequestChannel {
  readonly #peer: HttpPeer
  readonly #address: string
  readonly #agent: http.Agent
  #isClosed = false

  constructor(peer: HttpPeer) {
    const options = { keepAlive: true, maxSockets: maxConnections }
    this.#peer = peer
    this.#address = authority(peer.host, peer.port)
    this.#agent = peer.tls ? new https.Agent(options) : new http.Agent(options)
  }

  handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    if (call.aborted !== undefined) return Promise.reject(call.aborted)
    return new Promise((resolve, reject) => this.#post(request, call, { resolve, reject }))
  }

  /** There is no description over HTTP, so that any failed request may have been a write. */
  describe(): Promise<never> {
    return Promise.reject(
      new MillraceError('UNSUPPORTED', `${this.#address} cannot be asked for its endpoints over HTTP.`),
    )
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#agent.destroy()
    return Promise.resolve()
  }

  #post(
    request: DataRequest,
    call: Call,
    { resolve, reject }: { resolve(answer: DataRequest): void; reject(error: unknown): void },
  ): void {
    const { host, port, tls } = this.#peer
    const body = Buffer.concat(request.encodeParts())
    const sent = (tls ? https : http).request({
      ...{ host, port, method: 'POST', path: '/post', agent: this.#agent },
      headers: {
        ...headersOf(call),
        ...(call.items !== undefined && { accept: eventsType }),
        'content-type': protobufType,
        'content-length': body.length,
      },
    })
    const cancel = { abort: (reason: MillraceError) => sent.destroy(reason) }
    const fail = (error: unknown): void => {
      call.offAbort(cancel)
      reject(this.#lost(error, call))
    }
    sent.on('error', fail)
    sent.on('response', (response) => {
      this.#read(response, request, call).then((answer) => {
        call.offAbort(cancel)
        resolve(answer)
      }, fail)
    })
    sent.end(body)
    call.onAbort(cancel)
  }

  async #read(response: IncomingMessage, request: DataRequest, { items }: Call): Promise<DataRequest> {
    if (items !== undefined && response.headers['content-type'] === eventsType) {
      const { maxMessageBytes } = this.#peer
      const failed = await readEvents(response, { items, maxMessageBytes, address: this.#address })
      return failed ?? request.answer().withList([])
    }
    const bytes = await this.#body(response)
    const answer = response.headers['content-type'] === protobufType ? DataRequest.decode(bytes) : undefined
    const failedExecutor = answer?.status?.exception?.executor ?? ''
    if (answer !== undefined && (response.statusCode === 200 || failedExecutor !== '')) return answer
    throw this.#refusal(response, answer?.status?.description ?? bytes.toString('utf8', 0, 500))
  }

  async #body(response: IncomingMessage): Promise<Buffer> {
    const { maxMessageBytes } = this.#peer
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response) {
      length += (chunk as Buffer).length
      if (length > maxMessageBytes) {
        const what = `The answer of ${this.#address} has more than the limit of ${maxMessageBytes} bytes (maxMessageBytes).`
        throw new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false })
      }
      chunks.push(chunk as Buffer)
    }
    return Buffer.concat(chunks)
  }

  /** The error that a gateway answers with. */
  #refusal({ statusCode = 0, headers }: IncomingMessage, description: string): MillraceError {
    const address = this.#address
    const written = String(headers[statusHeader])
    const message = `${address} answered HTTP ${statusCode}: ${description}`
    if (!Object.hasOwn(errorCodes, written)) {
      return new MillraceError('UNSUPPORTED', `${message} This client needs a gateway of Millrace.`)
    }
    const seconds = Number(headers['retry-after'] ?? Number.NaN)
    const isFinal = written === 'RESOURCE_EXHAUSTED' && statusCode !== 429
    return new MillraceError(written as ErrorCode, message, {
      where: { address },
      notRun: headers[notRunHeader] === 'true',
      retryAfterMs: Number.isNaN(seconds) ? null : seconds * 1000,
      ...(isFinal && { retryable: false }),
    })
  }

  #lost(error: unknown, call: Call): MillraceError {
    if (call.aborted !== undefined) return call.aborted
    if (MillraceError.is(error)) return error
    const { code, message } = error as NodeJS.ErrnoException
    const address = this.#address
    if (this.#isClosed) return new MillraceError('CANCELLED', 'The client was closed.', { cause: error })
    if (code?.startsWith('ERR_')) return new MillraceError('INVALID_OPTION', message, { cause: error })
    // without a connection nothing was sent
    const notRun = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN'
    return new MillraceError('UNAVAILABLE', `${address}: ${message}`, {
      where: { address },
      cause: error,
      notRun,
    })
  }
}

function headersOf({ headers, deadline }: Call): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name)))
  if (deadline === Number.POSITIVE_INFINITY) return kept
  return { ...kept, [timeoutHeader]: String(Math.max(1, Math.ceil(deadline - Date.now()))) }
}
