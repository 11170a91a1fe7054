import type { Clock } from '../lib/clock.js'
import { IdTable } from '../lib/id-table.js'
import { errorCode, settingId } from './codes.js'
import { type Fault, tooMany } from './fault.js'
import { type FloodGuard, rapidMs } from './flood-guard.js'
import type { Output } from './output.js'
import { Stream, type StreamEnd, type StreamOwner } from './stream.js'

/** Header blocks that may be under way for a stream that this side has reset: an informational one, the head, trailers. */
const mostLateBlocks = 3

/** The code with which streams close whose connection closes: no frame had it. */
const connectionClosedCode: number = errorCode.internalError

export interface StreamsListener {
  /** So many bytes of data are no longer held, because they were dropped. */
  released(bytes: number): void
  /** The stream has closed. */
  removed(stream: Stream): void
}

/**
 * The streams of one connection.
 *
 * 1. A stream is open until both sides have ended it, or one has reset it.
 * 2. Streams with an id above `lastId` are idle. Those of the peer above `lastServed` were refused.
 * 3. A stream without an id waits for its turn to be sent, and is not among the open ones.
 */
export class Streams implements StreamOwner {
  readonly output: Output
  /** The highest id of a request: of those that have arrived, or at a client of those that were sent. */
  lastId = 0
  /** The highest id of the peer's streams that may have been served, for GOAWAY. */
  lastServed = 0
  readonly #listener: StreamsListener
  readonly #guard: FloodGuard
  #windowBytes: number
  readonly #clock: Clock
  readonly #open = new IdTable<Stream>()
  /** Streams that this side has reset lately, because frames for them may be under way, with the number of header blocks since. */
  readonly #reset = new Map<number, number>()
  readonly #mostReset: number

  /**
   * `windowBytes`: what the peer may send on a stream before it gets more credit. `mostReset`: how many streams that this side
   * has reset are remembered.
   */
  constructor(
    listener: StreamsListener,
    {
      output,
      guard,
      windowBytes,
      mostReset,
      clock,
    }: {
      readonly output: Output
      readonly guard: FloodGuard
      readonly windowBytes: number
      readonly mostReset: number
      readonly clock: Clock
    },
  ) {
    this.#listener = listener
    this.output = output
    this.#guard = guard
    this.#windowBytes = windowBytes
    this.#mostReset = mostReset
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

  /** Whether a header block for a closed stream may have been sent before the peer had read the reset. */
  isLateBlock(id: number): boolean {
    const blocks = this.#reset.get(id)
    if (blocks === undefined) return false
    this.#reset.set(id, blocks + 1)
    return blocks < mostLateBlocks
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
    stream.isHeadReceived = true
    this.#open.set(id, stream)
    return stream
  }

  /** A request of this side, which sends nothing before `open`. */
  prepare(): Stream {
    return new Stream(0, this, { send: -1, receive: this.#windowBytes, openedAt: 0 })
  }

  /** Gives a prepared stream its id, the next one, and its window. */
  open(stream: Stream, id: number): void {
    stream.id = id
    stream.sendWindow = this.output.initialWindow
    stream.receiveWindow = this.#windowBytes
    this.lastId = id
    this.#open.set(id, stream)
  }

  /** Removes streams that the peer will not process. */
  removeAbove(id: number): void {
    for (const stream of this.#open.values())
      if (stream.id > id) this.remove(stream, errorCode.refusedStream, 'unprocessed')
  }

  settle(stream: Stream): void {
    if (!stream.isInputEnded || !stream.isOutputEnded) return
    this.#guard.callFinished()
    this.remove(stream, errorCode.noError, 'finished')
  }

  reset(stream: Stream, code: number, end: StreamEnd = 'here'): void {
    if (stream.id > 0) this.resetId(stream.id, code)
    this.remove(stream, code, end)
  }

  /** Whether a reset of the stream now would be a rapid one. */
  isRapid(stream: Stream): boolean {
    return !stream.isOutputEnded && this.#clock.monotonic() - stream.openedAt < rapidMs
  }

  /** Resets a stream because of what the peer has sent. */
  wrong(stream: Stream, code: number): Fault | undefined {
    this.reset(stream, code, 'wrong')
    return this.#guard.resets.spend() ? undefined : tooMany('calls that had to be reset')
  }

  credit(stream: Stream, bytes: number): void {
    stream.uncredited += bytes
    if (stream.isInputEnded || stream.uncredited < this.#windowBytes / 2) return
    this.output.outbox.windowUpdate(stream.id, stream.uncredited)
    this.output.schedule()
    stream.receiveWindow += stream.uncredited
    stream.uncredited = 0
    stream.isLarge = true
  }

  /**
   * Lets the peer send so many bytes on each stream before it gets more credit; no fewer than now. Until it has read that, it
   * sends less than is taken here.
   */
  widen(windowBytes: number): void {
    const more = windowBytes - this.#windowBytes
    this.#windowBytes = windowBytes
    for (const stream of this.#open.values()) stream.receiveWindow += more
    this.output.outbox.settings([[settingId.initialWindowSize, windowBytes]])
    this.output.schedule()
  }

  /** Sends RST_STREAM for a stream that is not open, or is about to be removed. */
  resetId(id: number, code: number): void {
    this.output.outbox.resetStream(id, code)
    this.output.schedule()
    this.#reset.set(id, 0)
    if (this.#reset.size <= this.#mostReset) return
    const [oldest] = this.#reset.keys()
    this.#reset.delete(oldest!)
  }

  remove(stream: Stream, code: number, end: StreamEnd): void {
    if (stream.isClosed) return
    stream.isClosed = true
    if (stream.id > 0) this.#open.delete(stream.id)
    const dropped = this.output.drop(stream)
    if (dropped > 0) this.#listener.released(dropped)
    stream.listener.closed(code, end)
    this.#listener.removed(stream)
  }

  /** Removes all streams, because the connection closes. */
  clear(): void {
    for (const stream of this.#open.values()) this.remove(stream, connectionClosedCode, 'lost')
  }
}
