import type * as Grpc from '@grpc/grpc-js'
import { channelOptions, type Peer } from './channel-options.js'
import type { Method } from './methods.js'

export interface GrpcCallOptions {
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

type Duplex = Grpc.ClientDuplexStream<Uint8Array, Buffer>

/**
 * One gRPC channel whose messages are raw bytes in both directions. Connects at the first call and again when the
 * connection was lost; grpc-js is loaded when the first connection is made.
 */
export class GrpcConnection {
  readonly address: string
  readonly #grpc: typeof Grpc
  readonly #client: Grpc.Client

  private constructor(grpc: typeof Grpc, peer: Peer) {
    this.address = formatAddress(peer)
    this.#grpc = grpc
    const credentials = peer.tls ? grpc.credentials.createSsl() : grpc.credentials.createInsecure()
    this.#client = new grpc.Client(this.address, credentials, channelOptions(peer))
  }

  static async open(peer: Peer): Promise<GrpcConnection> {
    const grpc = await import('@grpc/grpc-js')
    return new GrpcConnection(grpc, peer)
  }

  /** Rejects with what grpc-js says (`errorFromGrpc` knows it), or with the reason of `signal`. */
  unary(
    method: Method,
    request: Uint8Array,
    options: GrpcCallOptions & { signal?: AbortSignal },
  ): Promise<Buffer> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const abort = (): void => call.cancel()
      const call = this.#client.makeUnaryRequest(
        method,
        asBuffer,
        keep,
        request,
        this.#metadata(options.headers),
        callOptions(options),
        (error: Grpc.ServiceError | null, answer?: Buffer) => {
          signal?.removeEventListener('abort', abort)
          if (error === null) resolve(answer ?? Buffer.alloc(0))
          else reject(signal?.aborted === true ? signal.reason : error)
        },
      )
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  serverStream(
    method: Method,
    request: Uint8Array,
    options: GrpcCallOptions,
  ): Grpc.ClientReadableStream<Buffer> {
    const metadata = this.#metadata(options.headers)
    return this.#client.makeServerStreamRequest(
      method,
      asBuffer,
      keep,
      request,
      metadata,
      callOptions(options),
    )
  }

  duplex(method: Method, options: GrpcCallOptions): Duplex {
    const metadata = this.#metadata(options.headers)
    return this.#client.makeBidiStreamRequest(method, asBuffer, keep, metadata, callOptions(options))
  }

  /** Idempotent. Calls in flight end with CANCELLED or UNAVAILABLE when they are done with. */
  close(): void {
    this.#client.close()
  }

  #metadata(headers: Readonly<Record<string, string>>): Grpc.Metadata {
    const metadata = new this.#grpc.Metadata()
    for (const name of Object.keys(headers)) metadata.set(name, headers[name]!)
    return metadata
  }
}

function callOptions({ deadline }: GrpcCallOptions): Grpc.CallOptions {
  return deadline === Number.POSITIVE_INFINITY ? {} : { deadline }
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Pick<Peer, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function keep(bytes: Buffer): Buffer {
  return bytes
}
