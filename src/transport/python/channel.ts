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
  const rest = await dialGrpc(address, options)
  return new PythonChannel({ requests, rest, sendsParts: options.sendsParts ?? false })
}

interface Parts {
  readonly requests: Channel
  readonly rest: Channel
  /** Whether a request in several parts is sent as several requests, which only gRPC does. */
  readonly sendsParts: boolean
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

  readonly handle = async (request: DataRequest, call: Call): Promise<DataRequest> => {
    const { requests, rest, sendsParts } = this.#parts
    const isOne = !sendsParts || (request.parts?.length ?? 0) <= 1
    if (!isOne || call.items !== undefined) return rest.handle(request, call)
    const answer = await requests.handle(request, call)
    // Jina does not know the field, and returns the parts of the request
    answer.parts = undefined
    return answer
  }

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
