import { BlockWriter } from '../../http2/hpack/encoder.js'
import { authority } from '../../lib/authority.js'
import type { Method } from '../methods.js'
import { formatTimeout } from '../timeout.js'
import { userAgent } from '../user-agent.js'
import type { Peer } from './peer.js'

/** Headers reserved by HTTP/2 and gRPC; a caller's headers with these names are not sent. */
const reserved =
  /^(:.*|grpc-.*|te|content-type|user-agent|host|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings)$/

const writer = new BlockWriter()

/** Encodes the heads of calls to one server (grpc.io, "gRPC over HTTP2", Requests). */
export class RequestHeads {
  readonly #scheme: string
  readonly #authority: string
  readonly #isCompressed: boolean
  /** What the heads of all calls of a method begin with. */
  readonly #beginnings = new Map<Method, Buffer>()

  constructor({ host, port, path, tls, compression = null }: Peer) {
    this.#isCompressed = compression !== null
    this.#scheme = tls ? 'https' : 'http'
    this.#authority = authority(host, path !== undefined || port === (tls ? 443 : 80) ? undefined : port)
  }

  /** A header block, valid until the next one is encoded. `timeoutMs`: `Infinity` for none. */
  encode(method: Method, timeoutMs: number, headers: Readonly<Record<string, string>>): Buffer {
    const beginning = this.#beginning(method)
    writer.clear()
    writer.append(beginning)
    if (timeoutMs !== Number.POSITIVE_INFINITY) writer.field('grpc-timeout', formatTimeout(timeoutMs))
    for (const name in headers) {
      const lower = name.toLowerCase()
      if (!reserved.test(lower)) writer.field(lower, headers[name]!)
    }
    return writer.block
  }

  #beginning(method: Method): Buffer {
    let beginning = this.#beginnings.get(method)
    if (beginning === undefined) {
      writer.clear()
      writer.field(':method', 'POST')
      writer.field(':scheme', this.#scheme)
      writer.field(':path', method)
      writer.field(':authority', this.#authority)
      writer.field('te', 'trailers')
      writer.field('content-type', 'application/grpc')
      writer.field('user-agent', userAgent)
      if (this.#isCompressed) writer.field('grpc-encoding', 'gzip')
      writer.field('grpc-accept-encoding', this.#isCompressed ? 'identity,gzip' : 'identity')
      beginning = Buffer.from(writer.block)
      this.#beginnings.set(method, beginning)
    }
    return beginning
  }
}
