import type { Call } from '../../call/call.js'
import type { DataRequest } from '../../wire/data-request.js'
import { dialGrpc } from '../grpc/channel.js'
import { dialSocket } from '../socket/channel.js'
import type { Address, Channel, DialOptions } from '../transport.js'

/**
 * Connects to a pod in Python at two sockets: requests are sent as frames, because gRPC costs more in Python than all that Jina
 * does for a small request, and the rest is gRPC. Rejects with UNAVAILABLE when nothing listens at `requestsPath`.
 */
export async function dialPython(
  address: Extract<Address, { kind: 'grpc' }>,
  requestsPath: string,
  options: DialOptions,
): Promise<Channel> {
  const requests = await dialSocket({ kind: 'socket', path: requestsPath }, options)
  const rest = await dialGrpc(address, options, requests.handle)
  return new PythonChannel({ requests, rest })
}

interface Parts {
  readonly requests: Channel
  /** Sends each request to the socket that it is for. */
  readonly rest: Channel
}

/** The pod counts as gone when either connection has closed. */
class PythonChannel implements Channel {
  readonly leaving: Channel['leaving']
  readonly closed: Channel['closed']
  readonly #parts: Parts

  constructor(parts: Parts) {
    const { requests, rest } = parts
    this.#parts = parts
    this.leaving = Promise.race([requests.leaving, rest.leaving])
    this.closed = Promise.race([requests.closed, rest.closed])
    void this.closed.then(() => this.close())
  }

  get isCongested(): boolean {
    return this.#parts.requests.isCongested ?? false
  }

  onCapacity(listener: () => void): void {
    this.#parts.requests.onCapacity?.(listener)
  }

  readonly handle = (request: DataRequest, call: Call): Promise<DataRequest> =>
    this.#parts.rest.handle(request, call)

  describe(): ReturnType<Channel['describe']> {
    return this.#parts.rest.describe()
  }

  ping(): ReturnType<Channel['ping']> {
    return this.#parts.rest.ping()
  }

  async close(): Promise<void> {
    const { requests, rest } = this.#parts
    await Promise.all([requests.close(), rest.close()])
  }
}
