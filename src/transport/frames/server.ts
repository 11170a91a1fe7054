import type { Sender, Service } from '../../call/call.js'
import { late } from '../../call/late.js'
import { anonymousSender } from '../../call/scope.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { deadlinesOf } from '../../lib/deadlines.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { IdTable } from '../../lib/id-table.js'
import { DataRequest } from '../../wire/data-request.js'
import { encodeFailure } from './failure.js'
import { cancelReason, frame, frameKind, noDeadline, type ReceivedFrame } from './frame.js'
import type { Link, Receiver } from './link.js'
import { answerDescribe, answerMeasure, answerPing } from './questions.js'
import { expired, stopping, tooLarge } from './refusals.js'
import { Report } from './report.js'
import { ServedCall, type ServedCallOwner } from './served-call.js'
import { ServedItems } from './served-items.js'

export interface ServerOptions {
  /** The sender of all calls on this link. */
  readonly sender?: Sender
  /** Milliseconds for one call, where its caller does not set less; null for no limit. */
  readonly timeoutMs?: number | null
}

/**
 * The serving side of a link.
 *
 * 1. A call is in `#calls` until it is answered, cancelled or expired, or the link closes. Only the code that removes it may
 *    answer it, so each call is answered at most once.
 * 2. After `drain()` no new call is served. `#idle` resolves when `#calls` is empty and the peer has acknowledged the goaway.
 *    Closing earlier would lose calls in transit, and their callers could not tell whether they ran.
 */
export class Server implements Receiver, ServedCallOwner {
  /** Resolves when the link has closed. */
  readonly gone: Promise<void>
  readonly #link: Link
  readonly #service: Service
  readonly #stopListening: (() => void) | undefined
  readonly #sender: Sender
  readonly #timeoutMs: number | null
  readonly #calls = new IdTable<ServedCall>()
  readonly #deadlines = deadlinesOf(systemClock)
  readonly #gone = deferred()
  #idle: Deferred | null = null
  /** The peer has acknowledged the goaway: it sends no more calls. */
  #acknowledged = false
  /** The concurrency limit that was sent last. */
  #sentLimit = 0
  /** Id of the next request if it is observed; -1 for none. */
  #observedId = -1

  constructor(
    link: Link,
    service: Service,
    { sender = anonymousSender, timeoutMs = null }: ServerOptions = {},
  ) {
    this.#link = link
    this.#service = service
    this.#sender = sender
    this.#timeoutMs = timeoutMs
    this.gone = this.#gone.promise
    link.open(this)
    this.#stopListening = service.concurrency?.onGrow(() => this.#grow())
    if (service.concurrency !== undefined) this.#sendLimit()
  }

  /** Refuses new calls from now on; resolves when all calls in flight and in transit are answered. */
  drain(): Promise<void> {
    if (this.#idle === null) {
      this.#idle = deferred()
      this.#link.send(frame(frameKind.goaway, 0))
    }
    return this.#idle.promise
  }

  /** Closes the link; calls in flight are aborted and answered with UNAVAILABLE. */
  close(): void {
    for (const call of this.#calls.values()) {
      const error = new MillraceError('UNAVAILABLE', 'This pod stopped before the request was done.')
      call.abort(error)
      this.#fail(call.id, call, error)
    }
    this.#link.end()
  }

  receive(received: ReceivedFrame): void {
    switch (received.kind) {
      case frameKind.request:
        return this.#request(received)
      case frameKind.cancel:
        return this.#cancel(received)
      case frameKind.stream:
        return this.#stream(received)
      case frameKind.credit:
        return this.#grant(received)
      case frameKind.describe:
        return answerDescribe(this.#link, this.#service, received.id)
      case frameKind.measure:
        void answerMeasure(this.#link, this.#service, received.id) // never rejects
        return
      case frameKind.ping:
        return answerPing(this.#link, this.#service, received.id)
      case frameKind.flush:
        return this.#service.flush?.()
      case frameKind.limit:
        return this.#service.concurrency?.wanted()
      case frameKind.observe:
        this.#observedId = received.id
        return
      case frameKind.goaway:
        this.#acknowledged = true
        return this.#settle()
    }
  }

  oversize(_kind: number, id: number, size: number): void {
    this.#link.send(
      frame(frameKind.error, id, { parts: [encodeFailure(tooLarge('request', size, this.#link))] }),
    )
  }

  lost(): void {
    const reason = new MillraceError('CANCELLED', 'The caller disconnected.')
    for (const call of this.#calls.values()) {
      this.#deadlines.unwatch(call)
      call.abort(reason)
    }
    this.#calls.clear()
    this.#acknowledged = true
    this.#stopListening?.()
    this.#idle?.resolve()
    this.#gone.resolve()
  }

  #request(received: ReceivedFrame): void {
    const call = this.#admit(received)
    if (call !== null) this.#serve(call, received)
  }

  #stream(received: ReceivedFrame): void {
    const call = this.#admit(received)
    if (call === null) return
    const items = new ServedItems((item) => this.#item(call, item))
    call.items = items
    call.onAbort(items)
    this.#serve(call, received)
  }

  #serve(call: ServedCall, { payload }: ReceivedFrame): void {
    try {
      this.#service.handle(DataRequest.decode(payload), call).then(
        (answer) => this.#answer(call.id, call, answer),
        (error: unknown) => this.#fail(call.id, call, error),
      )
      this.#checkLimit()
    } catch (error) {
      this.#fail(call.id, call, error)
    }
  }

  #item(call: ServedCall, item: DataRequest): void | Promise<void> {
    try {
      const part = frame(frameKind.item, call.id, { parts: item.encodeParts() })
      if (part.size > this.#link.maxFrameBytes) throw tooLarge('streamed document', part.size, this.#link)
      this.#link.send(part)
    } catch (error) {
      // the error goes to the caller, and the handler is aborted
      this.#fail(call.id, call, error)
      call.abort(MillraceError.from(error))
      return
    }
    return this.#link.writable()
  }

  #grant({ id, number }: ReceivedFrame): void {
    const items = this.#calls.get(id)?.items
    if (items instanceof ServedItems) items.grant(number)
  }

  #admit(received: ReceivedFrame): ServedCall | null {
    const { id, number } = received
    if (this.#idle !== null) {
      this.#link.send(frame(frameKind.error, id, { parts: [encodeFailure(stopping())] }))
      return null
    }
    const askedMs = number === noDeadline ? Number.POSITIVE_INFINITY : number
    const limitMs = this.#timeoutMs !== null && this.#timeoutMs < askedMs ? this.#timeoutMs : null
    const deadline = (limitMs ?? askedMs) + systemClock.now()
    const call = new ServedCall(received, { deadline, limitMs, sender: this.#sender, owner: this })
    if (id === this.#observedId) {
      call.observation = new Report()
      this.#observedId = -1
    }
    this.#calls.set(id, call)
    this.#deadlines.watch(call)
    return call
  }

  #answer(id: number, call: ServedCall, answer: DataRequest): void {
    if (this.#calls.get(id) !== call) return
    try {
      const number = this.#limit(this.#calls.size - 1)
      const response = frame(frameKind.response, id, { number, parts: answer.encodeParts() })
      if (response.size > this.#link.maxFrameBytes) throw tooLarge('answer', response.size, this.#link)
      this.#release(id, call)
      if (call.observation !== undefined) this.#report(id, call.observation)
      this.#link.send(response)
    } catch (error) {
      this.#fail(id, call, error)
    }
  }

  #fail(id: number, call: ServedCall, error: unknown): void {
    if (!this.#release(id, call)) return
    if (call.observation !== undefined) this.#report(id, call.observation)
    this.#link.send(frame(frameKind.error, id, { number: this.#limit(), parts: [encodeFailure(error)] }))
  }

  #report(id: number, report: Report): void {
    const events = report.encode()
    if (events !== undefined) this.#link.send(frame(frameKind.report, id, { parts: [events] }))
  }

  #cancel({ id, number }: ReceivedFrame): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#release(id, call)
    call.abort(
      number === cancelReason.expired
        ? expired()
        : new MillraceError('CANCELLED', 'The caller cancelled the request.'),
    )
  }

  /** The concurrency limit for a peer with `calls` calls in flight. Send the result: it is remembered as sent. */
  #limit(calls: number = this.#calls.size): number {
    this.#sentLimit = this.#service.concurrency?.limit(calls) ?? 0
    return this.#sentLimit
  }

  #sendLimit(): void {
    this.#link.send(frame(frameKind.limit, 0, { number: this.#limit() }))
  }

  /** A peer below its limit hears of a larger one with the next answer, or when it reaches its limit (`#checkLimit`). */
  #grow(): void {
    if (this.#calls.size >= this.#sentLimit) this.#sendLimit()
  }

  /** After a request has begun: at its limit, the peer would not send the next one, and might get no answer for long. */
  #checkLimit(): void {
    const { concurrency } = this.#service
    if (concurrency === undefined || this.#calls.size < this.#sentLimit) return
    if (concurrency.limit(this.#calls.size) > this.#sentLimit) this.#sendLimit()
  }

  /** Removes the call; false when it was removed before. */
  #release(id: number, call: ServedCall): boolean {
    if (this.#calls.get(id) !== call) return false
    this.#calls.delete(id)
    this.#deadlines.unwatch(call)
    this.#settle()
    return true
  }

  #settle(): void {
    if (this.#idle !== null && this.#acknowledged && this.#calls.size === 0) this.#idle.resolve()
  }

  onExpire(call: ServedCall): void {
    const error = call.limitMs === null ? expired() : late(call.limitMs)
    call.abort(error)
    this.#fail(call.id, call, error)
  }
}
