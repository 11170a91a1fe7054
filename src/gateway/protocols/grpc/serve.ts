import type { Account } from '../../../budget/budget.js'
import { MillraceError } from '../../../errors.js'
import { decompress } from '../../../grpc/compression.js'
import type { Message } from '../../../grpc/frame.js'
import { MessageReader, type MessageReaderOptions } from '../../../grpc/message-reader.js'
import type { Headers } from '../../../http2/message-head.js'
import type { Stream } from '../../../http2/stream.js'
import { type Deferred, deferred } from '../../../lib/deferred.js'
import type {
  ItemsMethod,
  MessageListener,
  MessagePeer,
  Method,
  StreamMethod,
  Trailers,
  UnaryMethod,
} from './method.js'
import type { CountRequest } from '../../callers/caller.js'
import type { Input, ServerCall } from './server-call.js'

/** An incoming call. */
export interface Arrival {
  readonly stream: Stream
  readonly headers: Headers
  readonly call: ServerCall
  readonly maxMessageBytes: number
  /** Counts the requests of a stream besides the first one; null when their number is not limited. */
  readonly countRequest: CountRequest | null
}

/** Creates the receiver of a call's messages, which runs the call to its end. */
export function serve(method: Method, arrival: Arrival): Input {
  return method.kind === 'stream' ? new ManyMessages(arrival, method) : new OneMessage(arrival, method)
}

/** Decompresses a message of a call. */
function inflated(bytes: Uint8Array, { call, headers, maxMessageBytes }: Arrival): Promise<Uint8Array> {
  const encoding = headers['grpc-encoding'] ?? 'identity'
  return decompress(bytes, encoding, { maxBytes: maxMessageBytes, account: call.incoming })
}

/** Reads the message of a method that takes one, and answers it. Does not wait for the client to end its side. */
class OneMessage implements Input, MessageReaderOptions {
  readonly reader: MessageReader
  readonly maxMessageBytes: number
  readonly account: Account
  readonly #arrival: Arrival
  readonly #call: ServerCall
  readonly #method: UnaryMethod | ItemsMethod
  #isTaken = false
  /** Resolved when more may be sent; undefined while that is so. */
  #room: Deferred | undefined

  constructor(arrival: Arrival, method: UnaryMethod | ItemsMethod) {
    this.#arrival = arrival
    this.#call = arrival.call
    this.#method = method
    this.maxMessageBytes = arrival.maxMessageBytes
    this.account = arrival.call.incoming
    this.reader = new MessageReader(this)
  }

  isClientsTurn(): boolean {
    return !this.#isTaken
  }

  inflate(bytes: Uint8Array): Promise<Uint8Array> {
    return inflated(bytes, this.#arrival)
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#isTaken)
      return this.onError(
        new MillraceError('MALFORMED', 'This method takes one message, and there are more.'),
      )
    this.#isTaken = true
    const method = this.#method
    if (method.kind === 'unary') answer(method, bytes, this.#call)
    else this.#answerItems(method, bytes)
  }

  onEnd(): void {
    if (!this.#isTaken)
      this.onError(new MillraceError('MALFORMED', 'This method takes one message, and there is none.'))
  }

  onError(error: MillraceError): void {
    this.#call.fail(error)
  }

  drained(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  closed(): void {
    this.drained()
  }

  drain(): void {}

  #answerItems(method: ItemsMethod, bytes: Uint8Array): void {
    const call = this.#call
    call.onAbort({ abort: () => this.drained() })
    method
      .answer(bytes, call, (message) => this.#send(message))
      .then(
        (trailers) => call.end(trailers),
        (error: unknown) => call.fail(MillraceError.from(error)),
      )
  }

  #send(message: Message): void | Promise<void> {
    if (this.#call.send(message)) return
    this.#room ??= deferred()
    return this.#room.promise
  }
}

function answer(method: UnaryMethod, bytes: Uint8Array, call: ServerCall): void {
  method.answer(bytes, call).then(
    ({ message, trailers }) => call.reply(message, trailers),
    (error: unknown) => call.fail(MillraceError.from(error)),
  )
}

/** Reads the messages of a stream for its listener, and sends what it answers. */
class ManyMessages implements Input, MessagePeer, MessageReaderOptions {
  readonly reader: MessageReader
  readonly maxMessageBytes: number
  readonly account: Account
  readonly countRequest: CountRequest | null
  readonly #arrival: Arrival
  readonly #call: ServerCall
  readonly #stream: Stream
  readonly #listener: MessageListener
  #isHeld = false

  constructor(arrival: Arrival, method: StreamMethod) {
    this.#arrival = arrival
    this.#call = arrival.call
    this.#stream = arrival.stream
    this.countRequest = arrival.countRequest
    this.maxMessageBytes = arrival.maxMessageBytes
    this.account = arrival.call.incoming
    this.reader = new MessageReader(this)
    this.#listener = method.open(this, arrival.call)
  }

  isClientsTurn(): boolean {
    return this.#listener.isIdle
  }

  // what the reader calls

  inflate(bytes: Uint8Array): Promise<Uint8Array> {
    return inflated(bytes, this.#arrival)
  }

  onMessage(bytes: Uint8Array): void {
    this.#listener.message(bytes)
  }

  onEnd(): void {
    this.#listener.end()
  }

  onError(error: MillraceError): void {
    this.#call.fail(error)
  }

  // what the stream calls

  drained(): void {
    this.#listener.drained()
  }

  closed(): void {
    this.#listener.abandon()
  }

  drain(): void {
    this.#listener.close()
  }

  // what the listener calls

  send(message: Message): boolean {
    return this.#call.send(message)
  }

  end(trailers?: Trailers): void {
    this.#call.end(trailers)
  }

  fail(error: MillraceError): void {
    this.#call.fail(error)
  }

  pause(): void {
    this.#isHeld = true
    this.reader.hold()
    this.#stream.pause()
  }

  resume(): void {
    this.#isHeld = false
    this.reader.release()
    if (!this.#isHeld) this.#stream.resume() // the messages released above may have paused it again
  }

  release(bytes: number): void {
    this.#call.incoming.release(bytes)
  }

  reserve(bytes: number): boolean {
    return this.#call.reserve(bytes)
  }

  hasRoom(): boolean {
    return this.#call.incoming.isRoomy
  }
}
