import type { Call, Handler } from '../call/call.js'
import { late } from '../call/late.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf } from '../lib/deadlines.js'
import type { DataRequest } from '../wire/data-request.js'
import type { CountRequest } from './callers/caller.js'
import { LimitedCall } from './limited-call.js'

/** The protocol's side of a stream of requests. */
export interface StreamPeer {
  /** Sends an answer; false when no more should be sent before `drained` is called. */
  answer(response: DataRequest): boolean
  /** Ends the stream successfully. */
  end(): void
  /** Ends the stream with an error. */
  fail(error: MillraceError): void
  /** Stops reading requests. */
  pause(): void
  resume(): void
  /** Releases the reservation of so many bytes of requests. */
  release(bytes: number): void
  /** Reserves room for an answer that waits for its turn; false when there is none, and then the stream has failed. */
  reserve(bytes: number): boolean
}

export interface StreamOptions {
  /** Requests in flight at once; 0 is no limit. */
  readonly prefetch: number
  /** Bytes in flight at once; a single request is always admitted. */
  readonly maxBytes: number
  /** Counts the requests after the first one, which was counted with the stream; null when their number is not limited. */
  readonly countRequest: CountRequest | null
  /** Whether the Flow has no room, so that further requests would only wait. */
  isFull(): boolean
  /** Milliseconds for one request, unless the stream ends sooner; null for no limit. */
  readonly timeoutMs: number | null
  readonly clock?: Clock
  /** Answers are sent in the order of the requests instead of as they complete. */
  readonly inOrder: boolean
}

interface Slot {
  readonly bytes: number
  /** Bytes reserved for the answer while it waits for its turn. */
  answerBytes: number
  answer: DataRequest | undefined
}

/**
 * The requests of one stream.
 *
 * 1. A request counts as in flight from its arrival until its answer was handed to the peer, so that answers that wait for
 *    their turn in an ordered stream are bounded too. At a limit the peer is paused, which reaches the client's generator.
 * 2. A client that sends more requests than `rateLimit` allows is not refused: the peer is paused until the next one may come.
 * 3. An executor's failure is an answer like any other. When a request is rejected, by the gateway or a hop, the stream
 *    ends with that error, and requests still in flight are aborted. Jina sends one empty, successful response before the
 *    error; that is left out, because a client cannot tell it from an answer.
 * 4. After `end` or `fail` of the peer nothing more is sent.
 */
export class RequestStream {
  readonly #handle: Handler
  readonly #peer: StreamPeer
  readonly #call: Call
  readonly #options: StreamOptions
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  /** In order of arrival; only used for ordered streams. */
  readonly #slots: Slot[] = []
  #inFlight = 0
  #bytes = 0
  #blocked = false
  /** Cancels the end of the pause for the rate of the client; undefined while there is none. */
  #cancelRate: (() => void) | undefined
  #isFirst = true
  #paused = false
  #ended = false
  #closing = false
  #done = false

  constructor(handle: Handler, peer: StreamPeer, call: Call, options: StreamOptions) {
    this.#handle = handle
    this.#peer = peer
    this.#call = call
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#deadlines = deadlinesOf(this.#clock)
  }

  /** Whether no request is in flight, and the client may send one. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#cancelRate === undefined
  }

  /** A request has arrived; `bytes` is its size. */
  push(request: DataRequest, bytes: number): void {
    if (this.#done) return
    const slot: Slot = { bytes, answerBytes: 0, answer: undefined }
    if (this.#options.inOrder) this.#slots.push(slot)
    this.#inFlight++
    this.#bytes += bytes
    this.#count()
    this.#admit()
    const limited = this.#limited()
    this.#handle(request, limited ?? this.#call).then(
      (answer) => {
        if (limited !== undefined) this.#unlimit(limited)
        this.#answered(slot, answer)
      },
      (error: unknown) => {
        if (limited !== undefined) this.#unlimit(limited)
        const failure = MillraceError.from(error)
        // the error ends the stream, and other requests are still in flight
        this.fail(this.#inFlight > 1 ? maybeRun(failure) : failure)
      },
    )
  }

  /** The client sends no more. */
  end(): void {
    this.#ended = true
    this.#settle()
  }

  /** The peer can send again. */
  drained(): void {
    this.#blocked = false
    this.#admit()
  }

  /**
   * Takes no more requests, lets those in flight finish, then ends the stream; with UNAVAILABLE unless the client has ended
   * its side.
   */
  close(): void {
    this.#closing = true
    this.#admit()
    this.#settle()
  }

  /** Ends the stream with an error; answers of requests in flight are dropped. */
  fail(error: MillraceError): void {
    if (this.#done) return
    this.#finish()
    this.#peer.fail(error)
  }

  /** The client has disconnected. */
  abandon(): void {
    this.#finish()
  }

  #finish(): void {
    this.#done = true
    this.#cancelRate?.()
  }

  #count(): void {
    const isFirst = this.#isFirst
    this.#isFirst = false
    const waitMs = isFirst ? 0 : (this.#options.countRequest?.() ?? 0)
    if (waitMs === 0) return
    this.#cancelRate = this.#clock.after(waitMs, () => {
      this.#cancelRate = undefined
      this.#admit()
    })
  }

  /** The stream's call with the Flow's time limit for one request; undefined when the stream's deadline is earlier. */
  #limited(): LimitedCall | undefined {
    const { timeoutMs } = this.#options
    if (timeoutMs === null) return undefined
    const deadline = this.#clock.now() + timeoutMs
    if (this.#call.deadline <= deadline) return undefined
    const limited = new LimitedCall(this.#call, deadline, () => {
      const error = late(timeoutMs)
      limited.abort(error)
      this.fail(error)
    })
    this.#deadlines.watch(limited)
    return limited
  }

  #unlimit(limited: LimitedCall): void {
    this.#deadlines.unwatch(limited)
    limited.unlink()
  }

  #answered(slot: Slot, answer: DataRequest): void {
    if (this.#done) return
    try {
      this.#release(slot, answer)
    } catch (error) {
      this.fail(MillraceError.from(error)) // an answer that cannot be encoded
      return
    }
    this.#admit()
    this.#settle()
  }

  #release(slot: Slot, answer: DataRequest): void {
    slot.answer = answer
    if (!this.#options.inOrder) this.#send(slot, answer)
    else {
      if (this.#slots[0] !== slot && !this.#keep(slot, answer)) return
      for (let head = this.#slots[0]; head?.answer !== undefined; head = this.#slots[0]) {
        this.#slots.shift()
        this.#send(head, head.answer)
      }
    }
  }

  /** Keeps the answer of a request that is not the next in order; false when there is no room. */
  #keep(slot: Slot, answer: DataRequest): boolean {
    slot.answerBytes = answer.undecodedLength
    return this.#peer.reserve(slot.answerBytes)
  }

  #send(slot: Slot, answer: DataRequest): void {
    this.#inFlight--
    this.#bytes -= slot.bytes
    this.#peer.release(slot.bytes + slot.answerBytes)
    if (!this.#peer.answer(answer)) this.#blocked = true
  }

  #admit(): void {
    const { prefetch, maxBytes, isFull } = this.#options
    const full =
      (prefetch > 0 && this.#inFlight >= prefetch) ||
      this.#bytes >= maxBytes ||
      (this.#inFlight > 0 && isFull())
    const pause = full || this.#blocked || this.#closing || this.#cancelRate !== undefined
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) this.#peer.pause()
    else this.#peer.resume()
  }

  #settle(): void {
    if (this.#done || this.#inFlight > 0) return
    if (this.#ended) {
      this.#finish()
      this.#peer.end()
    } else if (this.#closing) {
      this.fail(
        new MillraceError(
          'UNAVAILABLE',
          'The gateway is closing: send what was not answered to another one.',
          { notRun: true, retryAfterMs: 0 },
        ),
      )
    }
  }
}
