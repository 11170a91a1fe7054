import type { Headers, Response } from './message-head.js'

/**
 * Why a stream has closed: both sides had ended it, the peer has reset it, this side has (`wrong`: because of what the peer
 * sent), the peer has not processed it and never will, or the connection has closed.
 */
export type StreamEnd = 'finished' | 'peer' | 'here' | 'wrong' | 'unprocessed' | 'lost'

/** Hears what happens on a stream. */
export interface StreamListener {
  /** At a client: the head of the response has arrived. */
  head?(response: Response): void
  /** At a client: trailers have arrived. `ended` follows. */
  trailers?(headers: Headers): void
  /**
   * A part of the message has arrived, valid only during the call. The peer may send as much again, unless the stream is
   * paused.
   */
  data(chunk: Buffer): void
  /** The peer sends no more. */
  ended(): void
  /** More may be written, after `write` has returned false. */
  drained(): void
  /** The stream is closed, with the error code of its reset, or 0. Called once, and nothing after it. */
  closed(code: number, end: StreamEnd): void
}

/** Sends what streams write. */
export interface StreamOutput {
  headers(stream: Stream, block: Buffer, isLast: boolean): void
  data(stream: Stream, pieces: readonly Buffer[], bytes: number): boolean
  lastData(stream: Stream, pieces: readonly Buffer[], bytes: number): void
  end(stream: Stream, trailers: Buffer): void
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly output: StreamOutput
  /** Both sides may have ended. */
  settle(stream: Stream): void
  /** Sends RST_STREAM and closes the stream. */
  reset(stream: Stream, code: number): void
  /** Returns credit for received bytes. */
  credit(stream: Stream, bytes: number): void
}

const nobody: StreamListener = { data() {}, ended() {}, drained() {}, closed() {} }

/** The state of one HTTP/2 stream (RFC 9113, 5.1). A closed stream ignores what it is told. */
export class Stream {
  /** 0 for a request that waits until the peer takes another stream. */
  id: number
  /** Monotonic milliseconds; 0 for requests of this side. */
  readonly openedAt: number
  listener: StreamListener = nobody
  /** Bytes that may be sent. Negative after the peer has made its windows smaller. */
  sendWindow: number
  /** Bytes that the peer may send. */
  receiveWindow: number
  /** Whether the peer has sent so much that it was given credit for more. */
  isLarge = false
  /** Bytes that have been consumed, for which the peer has no credit yet. */
  uncredited = 0
  /** Bytes that arrived while the stream was paused. */
  heldBytes = 0
  isPaused = false
  isHeadSent = false
  /** The head of the peer's message has arrived. */
  isHeadReceived = false
  /** The peer has ended its side. */
  isInputEnded = false
  /** This side has been ended; what waits is still sent. */
  isEnding = false
  /** END_STREAM has been sent. */
  isOutputEnded = false
  isClosed = false
  /** Bytes of content still to come, if the message said how many; otherwise `Infinity`. */
  missingBytes: number = Number.POSITIVE_INFINITY
  /** Data that waits to be sent, from position `queueAt` of its first piece on. */
  queue: Buffer[] | undefined = undefined
  queueAt = 0
  queuedBytes = 0
  /** Sent after the queue: the block of the trailers, without bytes for an end without trailers. */
  trailers: Buffer | undefined = undefined
  /** Whether the listener waits for `drained`. */
  isBlocked = false
  readonly #owner: StreamOwner

  constructor(
    id: number,
    owner: StreamOwner,
    begun: { readonly send: number; readonly receive: number; readonly openedAt: number },
  ) {
    this.id = id
    this.#owner = owner
    this.sendWindow = begun.send
    this.receiveWindow = begun.receive
    this.openedAt = begun.openedAt
  }

  /** Sends the head of the response, as a header block. `isLast`: there is nothing else to send. */
  respond(block: Buffer, isLast = false): void {
    if (this.isClosed || this.isHeadSent) return
    this.isHeadSent = true
    this.isEnding = isLast
    this.#owner.output.headers(this, block, isLast)
    if (isLast) this.#owner.settle(this)
  }

  /** Sends data, which must not change afterwards; false when no more should be written before `drained`. */
  write(pieces: readonly Buffer[], bytes: number): boolean {
    if (this.isClosed || this.isEnding) return true
    return this.#owner.output.data(this, pieces, bytes)
  }

  /** Ends this side after what was written, with trailers if the block has bytes. */
  end(trailers: Buffer): void {
    if (this.isClosed || this.isEnding) return
    this.isEnding = true
    this.#owner.output.end(this, trailers)
    if (this.isOutputEnded) this.#owner.settle(this)
  }

  /** Ends this side with the last data, which must not change afterwards, and without trailers. */
  endWith(pieces: readonly Buffer[], bytes: number): void {
    if (this.isClosed || this.isEnding) return
    this.isEnding = true
    this.#owner.output.lastData(this, pieces, bytes)
    if (this.isOutputEnded) this.#owner.settle(this)
  }

  /** Closes the stream at once; what waits to be sent is dropped. */
  reset(code: number): void {
    if (!this.isClosed) this.#owner.reset(this, code)
  }

  /** Lets the peer send no more than its window. */
  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    const held = this.heldBytes
    this.heldBytes = 0
    if (held > 0 && !this.isClosed) this.#owner.credit(this, held)
  }
}
