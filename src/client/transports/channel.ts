import { Scope } from '../../call/scope.js'
import { maybeRun } from '../../call/outcome.js'
import { MillraceError } from '../../errors.js'
import { Knowledge } from '../knowledge.js'
import type { Channel } from '../../transport/transport.js'
import { DataRequest } from '../../wire/data-request.js'
import type { RequestStream, StreamListener, Transport, CallOptions } from '../transport.js'

/**
 * Bytes of unanswered requests at which the sender pauses: enough to keep every replica busy without buffering all the
 * input of a fast generator.
 */
const roomBytes = 32 * 1024 * 1024

/** The part of a channel that carries requests of a client. */
export type RequestChannel = Pick<Channel, 'handle' | 'describe' | 'close'>

/** Transport to a Flow in the same program: every request is one call on a channel to its gateway. */
export function channelTransport(channel: RequestChannel): Transport {
  const knowledge = new Knowledge(() => channel.describe())
  return {
    open(call, listener) {
      knowledge.learn()
      return Promise.resolve(new ChannelStream(channel, call, listener))
    },
    streamDoc(request, call) {
      knowledge.learn()
      return channel.handle(request, call)
    },
    judged: (error, endpoint) => knowledge.judged(error, endpoint),
    async dryRun({ deadline, headers }) {
      const request = DataRequest.create({ endpoint: '_jina_dry_run_' })
      const answer = await channel.handle(request, new Scope(deadline, headers))
      return answer.status?.code !== 'ERROR'
    },
    close: () => channel.close(),
  }
}

interface Slot {
  readonly bytes: number
  answer: DataRequest | undefined
}

/** Behaves as a gateway's gRPC stream does: keeps order when asked, and ends at the first transport failure. */
class ChannelStream implements RequestStream {
  readonly #channel: RequestChannel
  readonly #listener: StreamListener
  readonly #scope: Scope
  readonly #inOrder: boolean
  /** In order of sending; used for ordered streams only. */
  readonly #slots: Slot[] = []
  #open = 0
  #bytes = 0
  #ended = false
  #over = false

  constructor(channel: RequestChannel, { deadline, headers }: CallOptions, listener: StreamListener) {
    const { __results_in_order__: ordered, __prefetch__: _prefetch, ...rest } = headers
    this.#channel = channel
    this.#listener = listener
    this.#scope = new Scope(deadline, rest)
    this.#inOrder = ordered === 'true'
  }

  get hasRoom(): boolean {
    return this.#bytes < roomBytes
  }

  write(request: Uint8Array): void {
    if (this.#over) return
    const slot: Slot = { bytes: request.length, answer: undefined }
    if (this.#inOrder) this.#slots.push(slot)
    this.#open++
    this.#bytes += slot.bytes
    this.#channel.handle(DataRequest.decode(request), this.#scope).then(
      (answer) => this.#answered(slot, answer),
      (error: unknown) => this.#fail(MillraceError.from(error)),
    )
  }

  end(): void {
    this.#ended = true
    this.#settle()
  }

  cancel(): void {
    this.#over = true
    if (this.#open > 0) this.#scope.abort(new MillraceError('CANCELLED', 'The caller left.'))
  }

  #answered(slot: Slot, answer: DataRequest): void {
    if (this.#over) return
    const hadRoom = this.hasRoom
    this.#open--
    this.#bytes -= slot.bytes
    if (this.#inOrder) this.#giveInOrder(slot, answer)
    else this.#listener.onAnswer(answer)
    if (!hadRoom && this.hasRoom) this.#listener.onRoom()
    this.#settle()
  }

  #giveInOrder(slot: Slot, answer: DataRequest): void {
    slot.answer = answer
    for (let head = this.#slots[0]; head?.answer !== undefined; head = this.#slots[0]) {
      this.#slots.shift()
      this.#listener.onAnswer(head.answer)
    }
  }

  #settle(): void {
    if (this.#over || !this.#ended || this.#open > 0) return
    this.#over = true
    this.#listener.onEnd(undefined)
  }

  #fail(error: MillraceError): void {
    if (this.#over) return
    this.cancel()
    // the error ends the stream, and other requests are still in flight
    this.#listener.onEnd(this.#open > 1 ? maybeRun(error) : error)
  }
}
