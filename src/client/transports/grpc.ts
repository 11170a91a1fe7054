import { MillraceError } from '../../errors.js'
import { GrpcConnection } from '../../grpc/client/connection.js'
import { methods } from '../../grpc/methods.js'
import { grpcCode } from '../../grpc/status-codes.js'
import type { Peer } from '../../grpc/client/peer.js'
import { errorFromGrpc, GrpcFailure, isLeaving, type GrpcStatus, isUnimplemented } from '../../grpc/status.js'
import type { ClientCall } from '../../grpc/client/call.js'
import { streamDocument } from '../../transport/grpc/stream-document.js'
import { DataRequest } from '../../wire/data-request.js'
import { decodeDescription, unknownDescription } from '../../wire/description.js'
import { decodeStatus } from '../../wire/status.js'
import { Knowledge } from '../../client-core/knowledge.js'
import type { RequestStream, StreamListener, Transport, CallOptions } from '../../client-core/transport.js'
import { Unanswered } from '../../client-core/unanswered.js'

/** How long a server may take to describe itself. */
const describeTimeoutMs = 10_000

/** Transport to any server: one connection, opened by the first call and reopened when it is lost. */
export function grpcTransport(peer: Peer): Transport {
  const connection = new GrpcConnection(peer, { onReconnect: () => knowledge.forget() })
  const knowledge = new Knowledge(async () => {
    const options = { deadline: Date.now() + describeTimeoutMs, headers: {} }
    try {
      return decodeDescription(await connection.unary(methods.endpointDiscovery, new Uint8Array(0), options))
    } catch (error) {
      if (isUnimplemented(error)) return unknownDescription
      throw error
    }
  })
  return {
    async open(call, listener) {
      const stream = new GrpcRequestStream(connection, call, listener)
      knowledge.learn()
      return stream
    },
    judged: (error, endpoint) => knowledge.judged(error, endpoint),
    async streamDoc(request, call) {
      knowledge.learn()
      const { deadline, headers, items } = call
      try {
        return await streamDocument(connection, request, { call, deadline, headers, items })
      } catch (error) {
        throw errorFromGrpc(error, { endpoint: request.endpoint, address: connection.address })
      }
    },
    async dryRun(call) {
      try {
        return (
          decodeStatus(await connection.unary(methods.dryRun, new Uint8Array(0), call)).code === 'SUCCESS'
        )
      } catch (error) {
        // an Executor served without a gateway has no dry_run method, but an endpoint for it
        if (!isUnimplemented(error)) throw error
        const request = DataRequest.create({ endpoint: '_jina_dry_run_' }).encode()
        const answer = await connection.unary(methods.processSingleData, request, call)
        return DataRequest.decode(answer).status?.code !== 'ERROR'
      }
    },
    close(reason) {
      connection.close(reason)
      return Promise.resolve()
    },
  }
}

/** How many times in a row a stream moves to another server without an answer in between. */
const mostMoves = 3

/**
 * One `Call` stream. When its server shuts down (a gateway that is replaced) and reports that it has not started the
 * unanswered requests, they are sent again on a stream to the server that now listens at the address.
 */
class GrpcRequestStream implements RequestStream {
  readonly #connection: GrpcConnection
  readonly #call: CallOptions
  readonly #listener: StreamListener
  readonly #address: string
  readonly #unanswered = new Unanswered()
  #stream: ClientCall
  #sent = 0
  #received = 0
  #moves = 0
  #ended = false

  constructor(connection: GrpcConnection, call: CallOptions, listener: StreamListener) {
    this.#connection = connection
    this.#call = call
    this.#listener = listener
    this.#address = connection.address
    this.#stream = this.#open()
  }

  get hasRoom(): boolean {
    return this.#stream.hasRoom
  }

  write(request: Uint8Array, id: string): void {
    this.#sent++
    this.#unanswered.sent(id, request)
    this.#stream.write(request)
  }

  end(): void {
    this.#ended = true
    this.#stream.end()
  }

  cancel(): void {
    this.#stream.cancel()
  }

  #receive(bytes: Uint8Array): void {
    this.#received++
    this.#moves = 0
    try {
      const answer = DataRequest.decode(bytes)
      this.#unanswered.answered(answer.requestId)
      this.#listener.onAnswer(answer)
    } catch (cause) {
      this.#listener.onEnd(MillraceError.from(cause, 'MALFORMED'))
      this.cancel()
    }
  }

  #open(): ClientCall {
    return this.#connection.duplex(methods.call, this.#call, {
      onMessage: (bytes) => this.#receive(bytes),
      onDrain: () => this.#listener.onRoom(),
      onEnd: (status) => this.#closed(status),
    })
  }

  /** Sends the unanswered requests on a new stream. False when that is not possible. */
  #move(): boolean {
    const requests = this.#unanswered.all
    if (requests === null || this.#moves++ >= mostMoves) return false
    try {
      this.#stream = this.#open()
    } catch {
      return false // the client was closed
    }
    for (const request of requests) this.#stream.write(request)
    if (this.#ended) this.#stream.end()
    else this.#listener.onRoom()
    return true
  }

  #closed(status: GrpcStatus): void {
    const address = this.#address
    if (isLeaving(status) && this.#move()) return
    if (status.code !== grpcCode.ok)
      return this.#listener.onEnd(errorFromGrpc(new GrpcFailure(status), { address }))
    const open = this.#sent - this.#received
    if (this.#ended && open <= 0) return this.#listener.onEnd(undefined)
    const message = `${address} ended the stream while ${open} of ${this.#sent} requests were unanswered.`
    this.#listener.onEnd(new MillraceError('UNAVAILABLE', message, { where: { address } }))
  }
}
