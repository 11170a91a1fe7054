import { MillraceError } from '../../errors.js'
import { GrpcConnection } from '../../transport/grpc/connection.js'
import { methods } from '../../transport/grpc/methods.js'
import type { Peer } from '../../transport/grpc/peer.js'
import {
  errorFromGrpc,
  GrpcFailure,
  grpcCode,
  type GrpcStatus,
  isUnimplemented,
} from '../../transport/grpc/status.js'
import type { GrpcStream } from '../../transport/grpc/stream.js'
import { DataRequest } from '../../wire/data-request.js'
import { SingleDocumentRequest } from '../../wire/single-document-request.js'
import { decodeStatus } from '../../wire/status.js'
import type { Line, LineListener, Road, RoadCall } from '../road.js'

/** To a server anywhere; one connection, made at the first call and made again when it was lost. */
export function grpcRoad(peer: Peer): Road {
  let connecting: Promise<GrpcConnection> | undefined
  let closed: MillraceError | undefined
  const connect = (): Promise<GrpcConnection> => {
    if (closed !== undefined) return Promise.reject(closed)
    return (connecting ??= GrpcConnection.open(peer))
  }
  return {
    open: async (call, listener) => new GrpcLine(await connect(), call, listener),
    async *streamDoc(request, call) {
      const connection = await connect()
      try {
        for await (const bytes of connection.serverStream(methods.streamDoc, request.encode(), call))
          yield SingleDocumentRequest.decode(bytes)
      } catch (error) {
        throw errorFromGrpc(error, { endpoint: request.endpoint, address: connection.address })
      }
    },
    async dryRun(call) {
      const connection = await connect()
      try {
        return (
          decodeStatus(await connection.unary(methods.dryRun, new Uint8Array(0), call)).code === 'SUCCESS'
        )
      } catch (error) {
        // an Executor that is served alone has no dry_run, but an endpoint for it
        if (!isUnimplemented(error)) throw error
        const request = DataRequest.create({ endpoint: '_jina_dry_run_' }).encode()
        const answer = await connection.unary(methods.processSingleData, request, call)
        return DataRequest.decode(answer).status?.code !== 'ERROR'
      }
    },
    async close(reason) {
      closed ??= reason
      const connection = await connecting?.catch(() => undefined)
      connection?.close(reason)
    },
  }
}

/** One `Call` stream. */
class GrpcLine implements Line {
  readonly #stream: GrpcStream
  readonly #listener: LineListener
  readonly #address: string
  #sent = 0
  #received = 0
  #ended = false

  constructor(connection: GrpcConnection, call: RoadCall, listener: LineListener) {
    this.#listener = listener
    this.#address = connection.address
    this.#stream = connection.duplex(methods.call, call, {
      onMessage: (bytes) => this.#receive(bytes),
      onDrain: () => listener.onRoom(),
      onEnd: (status) => this.#closed(status),
    })
  }

  get roomy(): boolean {
    return this.#stream.roomy
  }

  write(request: Uint8Array): void {
    this.#sent++
    this.#stream.write(request)
  }

  end(): void {
    this.#ended = true
    this.#stream.end()
  }

  cancel(): void {
    this.#stream.cancel()
  }

  #receive(bytes: Buffer): void {
    this.#received++
    try {
      this.#listener.onAnswer(DataRequest.decode(bytes))
    } catch (cause) {
      this.#listener.onEnd(MillraceError.from(cause, 'MALFORMED'))
      this.cancel()
    }
  }

  #closed(status: GrpcStatus): void {
    const address = this.#address
    if (status.code !== grpcCode.ok)
      return this.#listener.onEnd(errorFromGrpc(new GrpcFailure(status), { address }))
    const open = this.#sent - this.#received
    if (this.#ended && open <= 0) return this.#listener.onEnd(undefined)
    const message = `${address} ended the stream while ${open} of ${this.#sent} requests were unanswered.`
    this.#listener.onEnd(new MillraceError('UNAVAILABLE', message, { where: { address } }))
  }
}
