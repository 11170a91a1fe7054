import type * as Grpc from '@grpc/grpc-js'
import { MillraceError } from '../../errors.js'
import { channelOptions, type Peer } from './channel-options.js'
import type { Method } from './methods.js'

export interface GrpcCallOptions {
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
  /** Aborting it cancels the call, which then fails with the signal's reason. */
  readonly signal?: AbortSignal
}

export type DuplexCall = Grpc.ClientDuplexStream<Uint8Array, Buffer>

/**
 * One gRPC channel whose messages are raw bytes in both directions. Connects at the first call and again when the
 * connection was lost; grpc-js is loaded when the first connection is made.
 *
 * Failures are what grpc-js throws (`errorFromGrpc` knows them), the reason of the signal, or the reason of `close()`.
 */
export class GrpcConnection {
  readonly address: string
  readonly #grpc: typeof Grpc
  readonly #client: Grpc.Client
  /** Calls in flight and how to end them. */
  readonly #open = new Set<(reason: unknown) => void>()
  #closed: { readonly reason: MillraceError } | undefined

  private constructor(grpc: typeof Grpc, peer: Peer) {
    this.address = formatAddress(peer)
    this.#grpc = grpc
    const credentials = peer.tls ? grpc.credentials.createSsl() : grpc.credentials.createInsecure()
    this.#client = new grpc.Client(this.address, credentials, channelOptions(peer))
  }

  static async open(peer: Peer): Promise<GrpcConnection> {
    return new GrpcConnection(await import('@grpc/grpc-js'), peer)
  }

  unary(method: Method, request: Uint8Array, options: GrpcCallOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#refuse(options)
      const call = this.#client.makeUnaryRequest(
        method,
        asBuffer,
        keep,
        request,
        this.#metadata(options),
        callOptions(options),
        (error: Grpc.ServiceError | null, answer?: Buffer) => {
          const ended = release()
          if (error === null) resolve(answer ?? Buffer.alloc(0))
          else reject(ended === undefined ? error : ended.reason)
        },
      )
      const release = this.#watch(call, options.signal)
    })
  }

  /** Answers to one request, as they come. Leaving the loop cancels the call. */
  async *serverStream(method: Method, request: Uint8Array, options: GrpcCallOptions): AsyncGenerator<Buffer> {
    this.#refuse(options)
    const metadata = this.#metadata(options)
    const call = this.#client.makeServerStreamRequest(
      method,
      asBuffer,
      keep,
      request,
      metadata,
      callOptions(options),
    )
    const release = this.#watch(call, options.signal)
    try {
      for await (const bytes of call) yield bytes as Buffer
    } catch (error) {
      throw release()?.reason ?? error
    } finally {
      release()
      call.cancel()
    }
  }

  /** The first answer of a stream with one request. */
  streamOfOne(method: Method, request: Uint8Array, options: GrpcCallOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.duplex(method, options)
      const release = this.#watch(call, options.signal)
      call.on('data', (bytes: Buffer) => {
        resolve(bytes)
        call.cancel()
      })
      call.on('error', () => {})
      // after an answer this rejects what is settled, which does nothing
      call.on('status', (status: Grpc.StatusObject) => reject(release()?.reason ?? this.#unanswered(status)))
      call.write(request)
      call.end()
    })
  }

  /** A raw stream; its owner watches the signal. It must listen to `error`. */
  duplex(method: Method, options: GrpcCallOptions): DuplexCall {
    this.#refuse(options)
    return this.#client.makeBidiStreamRequest(
      method,
      asBuffer,
      keep,
      this.#metadata(options),
      callOptions(options),
    )
  }

  /** Calls in flight, but for raw streams, fail with `reason`. Idempotent. */
  close(reason: MillraceError): void {
    this.#closed ??= { reason }
    for (const end of this.#open) end(reason)
    this.#client.close()
  }

  /** Cancels the call on abort and on close; what comes back stops that and says what ended it. */
  #watch(
    call: { cancel(): void },
    signal: AbortSignal | undefined,
  ): () => { readonly reason: unknown } | undefined {
    let ended: { readonly reason: unknown } | undefined
    const end = (reason: unknown): void => {
      ended ??= { reason }
      call.cancel()
    }
    const onAbort = (): void => end(signal!.reason)
    this.#open.add(end)
    signal?.addEventListener('abort', onAbort)
    return () => {
      this.#open.delete(end)
      signal?.removeEventListener('abort', onAbort)
      return ended
    }
  }

  #refuse({ signal }: GrpcCallOptions): void {
    if (this.#closed !== undefined) throw this.#closed.reason
    signal?.throwIfAborted()
  }

  #unanswered(status: Grpc.StatusObject): unknown {
    if (status.code !== this.#grpc.status.OK) return status
    return new MillraceError('UNAVAILABLE', `${this.address} ended the stream without an answer.`)
  }

  #metadata({ headers }: GrpcCallOptions): Grpc.Metadata {
    const metadata = new this.#grpc.Metadata()
    for (const name of Object.keys(headers)) metadata.set(name, headers[name]!)
    return metadata
  }
}

function callOptions({ deadline }: GrpcCallOptions): Grpc.CallOptions {
  return deadline === Number.POSITIVE_INFINITY ? {} : { deadline }
}

/** `host:port`, with brackets around an IPv6 address. */
function formatAddress({ host, port }: Pick<Peer, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function keep(bytes: Buffer): Buffer {
  return bytes
}
