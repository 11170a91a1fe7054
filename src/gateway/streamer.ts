import { Branch } from '../call/branch.js'
import type { Call, Handler } from '../call/call.js'
import { late } from '../call/late.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
import type { DataRequest } from '../wire/data-request.js'

/** What a stream of requests needs from the protocol it came by. */
export interface StreamPeer {
  /** Sends an answer; false when no more should be sent before `drained` is called. */
  answer(response: DataRequest): boolean
  /** Ends the stream well. */
  end(): void
  /** Ends it with an error. */
  fail(error: MillraceError): void
  /** No more requests, please. */
  pause(): void
  resume(): void
  /** So many bytes of requests are not held any more. */
  release(bytes: number): void
  /** Makes room for an answer that waits for its turn; false when the stream has failed for want of it. */
  reserve(bytes: number): boolean
}

export interface StreamOptions {
  /** Requests worked on at once; 0 is no limit. */
  readonly prefetch: number
  /** Bytes worked on at once; one request always goes through. */
  readonly maxBytes: number
  /** Whether the Flow has no room: then what comes would only wait. */
  isFull(): boolean
  /** Milliseconds for one request, where the stream does not end sooner; null for no limit. */
  readonly timeoutMs: number | null
  readonly clock?: Clock
  /** Answers leave in the order of the requests instead of as they come. */
  readonly inOrder: boolean
}

interface Slot {
  readonly bytes: number
  /** Reserved for the answer while it waits for its turn. */
  answerBytes: number
  answer: DataRequest | undefined
}

/**
 * The requests of one stream.
 *
 * 1. A request counts from its arrival until its answer was handed to the peer, so that what waits for its turn in an
 *    ordered stream is bounded too. At a limit the peer is paused, which reaches the client's generator.
 * 2. An executor's failure is an answer like any other. A rejection is the road's: it ends the stream with that error
 *    and aborts what is still under way. Jina sends one empty, successful response before; that is left out, because
 *    a client cannot tell it from an answer.
 * 3. After `end` or `fail` of the peer nothing more is sent.
 */
export class RequestStream {
  readonly #handle: Handler
  readonly #peer: StreamPeer
  readonly #call: Call
  readonly #options: StreamOptions
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  /** In order of arrival; only kept for ordered streams. */
  readonly #slots: Slot[] = []
  #inFlight = 0
  #bytes = 0
  #blocked = false
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

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.#inFlight === 0
  }

  /** A request came in; `bytes` is its size. */
  push(request: DataRequest, bytes: number): void {
    if (this.#done) return
    const slot: Slot = { bytes, answerBytes: 0, answer: undefined }
    if (this.#options.inOrder) this.#slots.push(slot)
    this.#inFlight++
    this.#bytes += bytes
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
        // the stream ends with it, and others of its requests are under way
        this.fail(this.#inFlight > 1 ? maybeRun(failure) : failure)
      },
    )
  }

  /** The client sends no more. */
  end(): void {
    this.#ended = true
    this.#settle()
  }

  /** The peer takes more. */
  drained(): void {
    this.#blocked = false
    this.#admit()
  }

  /** Takes no more requests, lets those under way finish, then ends the stream with UNAVAILABLE unless the client had ended it. */
  close(): void {
    this.#closing = true
    this.#admit()
    this.#settle()
  }

  /** Ends the stream with an error; what is still under way is nobody's concern any more. */
  fail(error: MillraceError): void {
    if (this.#done) return
    this.#done = true
    this.#peer.fail(error)
  }

  /** The client went away. */
  abandon(): void {
    this.#done = true
  }

  /** The stream's call with the Flow's limit for one request; undefined when the stream ends sooner by itself. */
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

  /** The answer of a request that is not the next one. */
  #keep(slot: Slot, answer: DataRequest): boolean {
    slot.answerBytes = answer.data?.byteLength ?? 0
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
    const pause = full || this.#blocked || this.#closing
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) this.#peer.pause()
    else this.#peer.resume()
  }

  #settle(): void {
    if (this.#done || this.#inFlight > 0) return
    if (this.#ended) {
      this.#done = true
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

/** One request of a stream, which may take less time than the stream. */
class LimitedCall extends Branch implements Timed {
  watched: Watched | undefined = undefined
  readonly expire: () => void

  constructor(parent: Call, deadline: number, expire: () => void) {
    super(parent, { deadline })
    this.expire = expire
  }
}
