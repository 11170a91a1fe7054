import { Scope } from '../call/scope.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import { dryRunRequest, hasSucceeded } from './dry-run.js'
import { InOrder } from './in-order.js'
import { judgedAsWrite, type Knowledge } from './knowledge.js'
import type { Channel } from '../transport/transport.js'
import { DataRequest } from '../wire/data-request.js'
import type { RequestStream, StreamListener, Transport, CallOptions } from './transport.js'

/**
 * Bytes of unanswered requests at which the sender pauses: enough to keep every replica busy without buffering all the
 * input of a fast generator.
 */
const roomBytes = 32 * 1024 * 1024

/** The part of a channel that carries requests of a client. */
export type RequestChannel = Pick<Channel, 'handle' | 'close'>

/**
 * Transport that sends every request as one call on a channel. Without `knowledge` of the endpoints any request may have been a
 * write.
 */
export function channelTransport(channel: RequestChannel, knowledge?: Knowledge): Transport {
  return {
    open(call, listener) {
      knowledge?.learn()
      return Promise.resolve(new ChannelStream(channel, call, listener))
    },
    streamDoc(request, call) {
      knowledge?.learn()
      return channel.handle(request, call)
    },
    judged: (error, endpoint) => knowledge?.judged(error, endpoint) ?? judgedAsWrite(error),
    async dryRun({ deadline, headers }) {
      return hasSucceeded(await channel.handle(dryRunRequest(), new Scope(deadline, headers)))
    },
    close: () => channel.close(),
  }
}

/**
 * Behaves as a gateway's gRPC stream does: keeps order when asked, and ends at the first transport failure.
 *
 * A gateway refuses what would wait in it for too long. When that is because of the stream's own requests, it is no failure: the
 * refused request is sent again as soon as another one is answered, and the sender pauses until then.
 */
class ChannelStream implements RequestStream {
  readonly #channel: RequestChannel
  readonly #listener: StreamListener
  readonly #scope: Scope
  /** Undefined when answers are given as they arrive. */
  readonly #inOrder: InOrder<Uint8Array> | undefined
  /** Requests that were refused, in order. */
  readonly #refused: Uint8Array[] = []
  /** Number of requests without an answer, including refused ones. */
  #open = 0
  /** Their bytes. */
  #bytes = 0
  #ended = false
  #over = false

  constructor(channel: RequestChannel, { deadline, headers }: CallOptions, listener: StreamListener) {
    const { __results_in_order__: ordered, __prefetch__: _prefetch, ...rest } = headers
    this.#channel = channel
    this.#listener = listener
    this.#scope = new Scope(deadline, rest)
    if (ordered === 'true') this.#inOrder = new InOrder((answer) => listener.onAnswer(answer))
  }

  get hasRoom(): boolean {
    return this.#bytes < roomBytes && this.#refused.length === 0
  }

  write(request: Uint8Array): void {
    if (this.#over) return
    this.#inOrder?.sent(request)
    this.#open++
    this.#bytes += request.length
    this.#send(request)
  }

  end(): void {
    this.#ended = true
    this.#settle()
  }

  cancel(): void {
    this.#over = true
    if (this.#open > 0) this.#scope.abort(new MillraceError('CANCELLED', 'The caller left.'))
  }

  #send(request: Uint8Array): void {
    this.#channel.handle(DataRequest.decode(request), this.#scope).then(
      (answer) => this.#answered(request, answer),
      (error: unknown) => this.#failed(request, MillraceError.from(error)),
    )
  }

  #answered(request: Uint8Array, answer: DataRequest): void {
    if (this.#over) return
    const hadRoom = this.hasRoom
    this.#open--
    this.#bytes -= request.length
    if (this.#inOrder === undefined) this.#listener.onAnswer(answer)
    else this.#inOrder.answered(request, answer)
    const refused = this.#refused.shift()
    if (refused !== undefined) this.#send(refused)
    if (!hadRoom && this.hasRoom) this.#listener.onRoom()
    this.#settle()
  }

  #settle(): void {
    if (this.#over || !this.#ended || this.#open > 0) return
    this.#over = true
    this.#listener.onEnd(undefined)
  }

  #failed(request: Uint8Array, error: MillraceError): void {
    if (this.#over) return
    const isRefused = error.code === 'RESOURCE_EXHAUSTED' && error.notRun && error.retryable
    if (isRefused && this.#open - this.#refused.length > 1) {
      this.#refused.push(request)
      return
    }
    this.cancel()
    // the error ends the stream, and other requests are still in flight
    this.#listener.onEnd(this.#open > 1 ? maybeRun(error) : error)
  }
}
