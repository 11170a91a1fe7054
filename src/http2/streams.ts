import type { Clock } from '../lib/clock.js'
import { errorCode } from './codes.js'
import { type Fault, tooMany } from './fault.js'
import { type FloodGuard, rapidMs } from './flood-guard.js'
import type { Output } from './output.js'
import { Stream, type StreamOwner } from './stream.js'

/** So many streams that were reset by this side are remembered, because frames for them may be under way. */
const mostReset = 1024

/** The code with which streams close whose connection closes: no frame had it. */
const connectionClosedCode: number = errorCode.internalError

export interface StreamsListener {
  /** So many bytes of data are no longer held, because they were dropped. */
  released(bytes: number): void
  /** The last open stream has closed. */
  emptied(): void
}

/**
 * The streams of one connection.
 *
 * 1. A stream is open until both sides have ended it, or one has reset it.
 * 2. Streams with an id above `lastId` are idle. Those above `lastServed` were refused.
 */
export class Streams implements StreamOwner {
  readonly output: Output
  /** The highest id of a request that has arrived. */
  lastId = 0
  /** The highest id of a stream that may have been served, for GOAWAY. */
  lastServed = 0
  readonly #listener: StreamsListener
  readonly #guard: FloodGuard
  readonly #windowBytes: number
  readonly #clock: Clock
  readonly #open = new Map<number, Stream>()
  readonly #reset = new Set<number>()

  /** `windowBytes`: what the peer may send on a stream before it gets more credit. */
  constructor(
    listener: StreamsListener,
    {
      output,
      guard,
      windowBytes,
      clock,
    }: {
      readonly output: Output
      readonly guard: FloodGuard
      readonly windowBytes: number
      readonly clock: Clock
    },
  ) {
    this.#listener = listener
    this.output = output
    this.#guard = guard
    this.#windowBytes = windowBytes
    this.#clock = clock
  }

  /** Number of open streams. */
  get size(): number {
    return this.#open.size
  }

  get(id: number): Stream | undefined {
    return this.#open.get(id)
  }

  values(): Iterable<Stream> {
    return this.#open.values()
  }

  /** Whether this side has reset the stream lately. */
  wasReset(id: number): boolean {
    return this.#reset.has(id)
  }

  begin(id: number): Stream {
    const stream = new Stream(id, this, {
      send: this.output.initialWindow,
      receive: this.#windowBytes,
      openedAt: this.#clock.monotonic(),
    })
    this.#open.set(id, stream)
    return stream
  }

  settle(stream: Stream): void {
    if (!stream.isInputEnded || !stream.isOutputEnded) return
    this.#guard.callFinished()
    this.remove(stream, errorCode.noError)
  }

  reset(stream: Stream, code: number): void {
    this.resetId(stream.id, code)
    this.remove(stream, code)
  }

  /** Whether a reset of the stream now would be a rapid one. */
  isRapid(stream: Stream): boolean {
    return !stream.isOutputEnded && this.#clock.monotonic() - stream.openedAt < rapidMs
  }

  /** Resets a stream because of what the peer has sent. */
  wrong(stream: Stream, code: number): Fault | undefined {
    this.reset(stream, code)
    return this.#guard.resets.spend() ? undefined : tooMany('calls that had to be reset')
  }

  credit(stream: Stream, bytes: number): void {
    stream.uncredited += bytes
    if (stream.isInputEnded || stream.uncredited < this.#windowBytes / 2) return
    this.output.outbox.windowUpdate(stream.id, stream.uncredited)
    this.output.schedule()
    stream.receiveWindow += stream.uncredited
    stream.uncredited = 0
  }

  /** Sends RST_STREAM for a stream that is not open, or is about to be removed. */
  resetId(id: number, code: number): void {
    this.output.outbox.resetStream(id, code)
    this.output.schedule()
    this.#reset.add(id)
    if (this.#reset.size <= mostReset) return
    const [oldest] = this.#reset
    this.#reset.delete(oldest!)
  }

  remove(stream: Stream, code: number): void {
    if (stream.isClosed) return
    stream.isClosed = true
    this.#open.delete(stream.id)
    const dropped = this.output.drop(stream)
    if (dropped > 0) this.#listener.released(dropped)
    stream.listener.closed(code)
    if (this.#open.size === 0) this.#listener.emptied()
  }

  /** Removes all streams, because the connection closes. */
  clear(): void {
    for (const stream of this.#open.values()) this.remove(stream, connectionClosedCode)
  }
}
