import type { Call, Description, Handler } from '../../call/call.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { deadlinesOf } from '../../lib/deadlines.js'
import { deferred } from '../../lib/deferred.js'
import { IdTable } from '../../lib/id-table.js'
import type { BatchFigures } from '../../observe/batch-figures.js'
import type { Metric } from '../../observe/metrics/report.js'
import { DataRequest } from '../../wire/data-request.js'
import { ConnectionLost } from '../../call/connection-lost.js'
import { outerHeaders } from '../../call/span-call.js'
import { headerFilter } from '../forward-headers.js'
import type { Channel, DialOptions } from '../transport.js'
import { decodeJson } from './failure.js'
import {
  cancelReason,
  frame,
  frameKind,
  type FrameKind,
  noDeadline,
  type ReceivedFrame,
  streamWindow,
} from './frame.js'
import { encodeHeaders } from './headers.js'
import type { Link, Receiver } from './link.js'
import type { Pending } from './pending.js'
import { deliverReport } from './report.js'
import { tooLarge } from './refusals.js'
import { Single } from './single.js'
import { type StreamOwner, Streamed } from './streamed.js'

/**
 * The dialling side of a link. Multiplexes calls, identified by their ids.
 *
 * 1. A call is in `#pending` until it is settled. The code that removes it settles it, so it is settled once, whatever races.
 * 2. `#refusal` is set before pending calls are failed, so no call can be added in between.
 */
export class Caller implements Channel, Receiver, StreamOwner {
  readonly handle: Handler = (request, call) => this.#request(request, call)
  readonly leaving: Promise<{ readonly reason: string }>
  readonly closed: Promise<{ readonly reason: string }>
  readonly #link: Link
  readonly #isForwarded: (header: string) => boolean
  readonly #pending = new IdTable<Pending>()
  readonly #deadlines = deadlinesOf(systemClock)
  readonly #leaving = deferred<{ reason: string }>()
  readonly #closed = deferred<{ reason: string }>()
  #onCapacity: () => void = () => {}
  #limit = Number.POSITIVE_INFINITY
  #lastId = 0
  #refusal: MillraceError | null = null

  /** `forwardHeaders`: which headers of callers are sent. */
  constructor(link: Link, { forwardHeaders = 'unfiltered' }: Pick<DialOptions, 'forwardHeaders'> = {}) {
    this.#link = link
    this.#isForwarded = headerFilter(forwardHeaders)
    this.leaving = this.#leaving.promise
    this.closed = this.#closed.promise
    link.open(this)
  }

  get isCongested(): boolean {
    return this.#link.isCongested
  }

  get limit(): number {
    return this.#limit
  }

  /** Asked only with a limit of one call: a larger one grows without being asked. */
  askForMore(): void {
    if (this.#limit === 1 && this.#refusal === null) this.#link.send(frame(frameKind.limit, 0))
  }

  onCapacity(listener: () => void): void {
    this.#onCapacity = listener
  }

  drained(): void {
    this.#onCapacity()
  }

  describe(): Promise<Description> {
    return this.#ask(frameKind.describe, (payload) => decodeJson(payload) as Description)
  }

  measure(): Promise<readonly Metric[]> {
    return this.#ask(frameKind.measure, (payload) => decodeJson(payload) as readonly Metric[])
  }

  ping(): Promise<readonly BatchFigures[]> {
    return this.#ask(frameKind.ping, (payload) =>
      payload.length === 0 ? [] : (decodeJson(payload) as readonly BatchFigures[]),
    )
  }

  flush(): void {
    if (this.#refusal === null) this.#link.send(frame(frameKind.flush, 0))
  }

  async close(): Promise<void> {
    this.#end(new MillraceError('CANCELLED', 'The connection was closed.'))
    this.#link.end()
    await this.closed
  }

  receive(received: ReceivedFrame): void {
    if (received.kind === frameKind.goaway) {
      // sent after all requests, so that the peer knows that none will follow
      this.#link.send(frame(frameKind.goaway, 0))
      this.#refusal ??= new MillraceError('UNAVAILABLE', 'The pod is stopping and takes no new requests.', {
        notRun: true,
      })
      this.#leaving.resolve({ reason: 'it is stopping' })
      return
    }
    // of the frames this side receives, only those with a limit have a number
    if (received.number !== 0) this.#limit = received.number
    if (received.kind === frameKind.limit) return this.#onCapacity()
    const pending = this.#pending.get(received.id)
    // undefined: it was cancelled or expired while the answer was in transit
    if (pending === undefined) return
    if (received.kind === frameKind.report) return deliverReport(received.payload, pending.observation)
    if (pending.frame(received)) this.#release(pending)
  }

  oversize(_kind: number, id: number, size: number): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#cancel(pending, cancelReason.left)
    pending.fail(tooLarge('answer', size, this.#link))
  }

  lost(reason: string): void {
    const cause = new ConnectionLost(reason)
    this.#end(new MillraceError('UNAVAILABLE', `The connection to the pod was lost: ${reason}.`, { cause }))
    this.#leaving.resolve({ reason })
    this.#closed.resolve({ reason })
  }

  #ask<T>(kind: FrameKind, decode: (payload: Uint8Array) => T): Promise<T> {
    if (this.#refusal !== null) return Promise.reject(this.#refusal)
    const single = new Single<T>({
      id: this.#nextId(),
      call: null,
      decode,
      owner: this,
    })
    this.#pending.set(single.id, single)
    this.#link.send(frame(kind, single.id))
    return single.promise
  }

  #request(request: DataRequest, call: Call): Promise<DataRequest> {
    const problem = this.#problem(call)
    if (problem !== null) return Promise.reject(problem)
    let parts: readonly Uint8Array[]
    try {
      parts = request.encodeParts()
    } catch (error) {
      return Promise.reject(MillraceError.from(error))
    }
    const { items } = call
    if (items === undefined) {
      const single = new Single<DataRequest>({ id: this.#nextId(), call, decode: decodeAnswer, owner: this })
      this.#start(single, frameKind.request, { call, parts })
      return single.promise
    }
    const streamed = new Streamed(call, items, { id: this.#nextId(), owner: this })
    this.#start(streamed, frameKind.stream, { call, parts })
    return streamed.promise
  }

  #start(
    pending: Pending,
    kind: FrameKind,
    { call, parts }: { call: Call; parts: readonly Uint8Array[] },
  ): void {
    const { deadline } = pending
    const number =
      deadline === Number.POSITIVE_INFINITY
        ? noDeadline
        : Math.min(noDeadline - 1, Math.ceil(deadline - systemClock.now()))
    const { observation } = pending
    const context = observation?.context
    const given = context === undefined ? call.headers : outerHeaders(call)
    const headers = encodeHeaders(given, this.#isForwarded, context)
    const request = frame(kind, pending.id, { number, headers, context, parts })
    this.#pending.set(pending.id, pending)
    if (request.size > this.#link.maxFrameBytes) {
      this.#release(pending)
      return pending.fail(tooLarge('request', request.size, this.#link))
    }
    this.#deadlines.watch(pending)
    if (observation !== undefined && observation.wantsReport !== false)
      this.#link.send(frame(frameKind.observe, pending.id))
    this.#link.send(request)
  }

  /** Why a call cannot start; null when it can. */
  #problem({ aborted, deadline }: Call): MillraceError | null {
    if (this.#refusal !== null) return this.#refusal
    if (aborted !== undefined) return aborted
    return deadline <= systemClock.now() ? expired() : null
  }

  onAbort(pending: Pending, reason: MillraceError): void {
    this.#cancel(pending, reason.code === 'DEADLINE_EXCEEDED' ? cancelReason.expired : cancelReason.left)
    pending.fail(reason)
  }

  #cancel(pending: Pending, reason: number): void {
    if (!this.#release(pending) || this.#link.withdraw(pending.id)) return
    this.#link.send(frame(frameKind.cancel, pending.id, { number: reason }))
  }

  /** Removes the call; false when it was removed before. */
  #release(pending: Pending): boolean {
    if (!this.#pending.delete(pending.id)) return false
    this.#deadlines.unwatch(pending)
    pending.release()
    return true
  }

  #end(error: MillraceError): void {
    const { code, message } = error
    // calls in flight may have run; later calls are not sent
    this.#refusal = new MillraceError(code, message, { notRun: true })
    for (const pending of this.#pending.values()) {
      this.#release(pending)
      pending.fail(error)
    }
  }

  onTaken({ id, taken }: Streamed): void {
    if (taken % (streamWindow / 2) !== 0 || !this.#pending.has(id)) return
    this.#link.send(frame(frameKind.credit, id, { number: streamWindow / 2 }))
  }

  onDone(stream: Streamed): void {
    this.#release(stream)
  }

  /** The peer has the same deadline and ends the call itself, so no cancel is sent. */
  onExpire(pending: Pending): void {
    if (!this.#release(pending)) return
    this.#link.withdraw(pending.id)
    pending.fail(expired())
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#pending.has(this.#lastId))
    return this.#lastId
  }
}

function decodeAnswer(payload: Uint8Array): DataRequest {
  return DataRequest.decode(payload)
}

function expired(): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed before the pod answered.')
}
