import type { Handler } from '../../../call/call.js'
import { late } from '../../../call/late.js'
import { MillraceError } from '../../../errors.js'
import { noRoom, noRoomForAnswer } from '../../../budget/refusals.js'
import type { Clock } from '../../../lib/clock.js'
import { deadlinesOf } from '../../../lib/deadlines.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { closeCode } from '../../../wire/websocket.js'
import type { CountRequest } from '../../callers/caller.js'
import { LimitedCall } from '../../limited-call.js'
import type { Serving } from '../../serving.js'
import { RequestStream, type StreamPeer } from '../../streamer.js'
import type { Format, Received, Tools } from './formats.js'
import { isNetworkError, networkReason, refusedRequest } from './refused-request.js'
import type { Peer, Talk } from './talk.js'

/**
 * Jina's client forgets an error whose answer comes together with the end of the socket: it raises the error only when it still
 * waits for messages (jina/clients/base/websocket.py). The answer goes through three turns of its event loop; each pong shows that
 * one more has passed, as aiohttp answers a ping when its turn comes.
 */
const pingsAfterError = 4

/** A client that does not answer pings is not waited for any longer. In milliseconds. */
const longestEndMs = 20_000

/** Approximate memory of a request under way besides its bytes. */
const requestBytes = 2048

export interface RequestsOptions {
  readonly serving: Serving
  readonly clock: Clock
  /** Counts the requests besides the first one; null when their number is not limited. */
  readonly countRequest: CountRequest | null
  readonly format: Format
  /** Whether a stage that cannot be reached closes the socket, as Jina's clients expect. */
  readonly closesOnNetworkErrors: boolean
}

/**
 * Requests and their answers, several at once, matched by their ids.
 *
 * 1. A request that is refused is answered with the error, and the others go on. Errors that close the socket are those of the
 *    network, for Jina's clients, and messages that cannot be read.
 * 2. Requests under way are bounded: in number by `prefetch` and `limits.maxCalls`, in bytes by `maxMessageBytes` and the
 *    budget. At a limit the socket is not read, and no more than the client takes is sent.
 * 3. When the client has ended its requests, the socket is closed after the last answer.
 */
export class Requests implements Talk, StreamPeer {
  readonly #peer: Peer
  readonly #options: RequestsOptions
  readonly #stream: RequestStream
  readonly #tools: Tools
  /** Messages that wait for the conversion of the one before: what had arrived when the socket was paused. */
  readonly #waiting: Buffer[] = []
  /** Large answers, converted. */
  readonly #converted = new WeakMap<DataRequest, Buffer>()
  #isConverting = false
  #hasFailed = false
  #cancelEnd = (): void => {}
  /** Whether the stream takes no requests now. */
  #isFull = false
  #isDraining = false
  #isEnded = false

  constructor(peer: Peer, options: RequestsOptions) {
    const { isFull, prefetch, limits, maxMessageBytes } = options.serving
    const { __prefetch__: wanted = '', __results_in_order__: ordered = '' } = peer.call.headers
    const asked = /^\d{1,9}$/.test(wanted) ? Number(wanted) : prefetch
    this.#peer = peer
    this.#options = options
    this.#tools = { account: peer.account, call: peer.call, thread: options.serving.json }
    this.#stream = new RequestStream((request, call) => this.#answerOf(request, call), this, peer.call, {
      prefetch: asked === 0 ? limits.maxCalls : Math.min(asked, limits.maxCalls),
      maxBytes: maxMessageBytes,
      countRequest: options.countRequest,
      isFull: () => isFull() || !peer.account.isRoomy,
      timeoutMs: null, // `#answerOf` limits the time, so that the end of one request is not that of the stream
      clock: options.clock,
      inOrder: ordered.toLowerCase() === 'true',
    })
  }

  get isIdle(): boolean {
    return this.#stream.isIdle && !this.#isConverting
  }

  message(bytes: Buffer, isBinary: boolean): void {
    const { format } = this.#options
    if (this.#isEnded || this.#isDraining) return
    if (isBinary !== format.isBinary) {
      const wanted = format.isBinary ? 'binary messages' : 'texts'
      return this.#peer.end(closeCode.wrongKind, `This sub-protocol has ${wanted}.`)
    }
    if (this.#isConverting) this.#waiting.push(bytes)
    else this.#read(bytes)
  }

  drained(): void {
    this.#stream.drained()
  }

  drain(): void {
    this.#isDraining = true
    this.#stream.close()
  }

  closed(): void {
    this.#cancelEnd()
    this.#stream.abandon()
    this.#waiting.length = 0
  }

  // what the stream calls

  answer(response: DataRequest): boolean {
    const { account } = this.#peer
    if (response.status?.code === 'ERROR') this.#hasFailed = true
    const converted = this.#converted.get(response)
    try {
      if (converted === undefined) return this.#peer.send(this.#options.format.write(response, account))
      account.release(converted.length)
      return this.#peer.send(converted, { isText: true })
    } catch (error) {
      return this.#refuse(response, MillraceError.from(error))
    }
  }

  end(): void {
    const { clock, closesOnNetworkErrors: isJinas } = this.#options
    if (!isJinas || !this.#hasFailed) return this.#peer.end(closeCode.complete)
    this.#cancelEnd = clock.after(longestEndMs, () => this.#endAfter(0))
    this.#endAfter(pingsAfterError)
  }

  fail(error: MillraceError): void {
    if (this.#isDraining) this.#peer.end(closeCode.leaving, 'The gateway closes.')
    else this.#peer.end(closeCode.failed, networkReason(error))
  }

  pause(): void {
    this.#isFull = true
    this.#peer.pause()
  }

  resume(): void {
    this.#isFull = false
    if (!this.#isConverting) this.#peer.resume()
  }

  release(bytes: number): void {
    this.#peer.account.release(bytes)
  }

  reserve(bytes: number): boolean {
    const { account } = this.#peer
    if (account.reserve(bytes)) return true
    this.#stream.fail(noRoomForAnswer(bytes, account))
    return false
  }

  /** Closes the socket when the client has answered so many pings, one after the other. */
  #endAfter(pings: number): void {
    if (pings === 0) this.#peer.end(closeCode.complete)
    else this.#peer.ping(() => this.#endAfter(pings - 1))
  }

  #read(message: Buffer): void {
    try {
      const received = this.#options.format.read(message, this.#tools)
      if (!(received instanceof Promise)) return this.#take(received, message.length)
      this.#isConverting = true
      this.#peer.pause()
      void received
        .then((done) => this.#take(done, message.length))
        .catch((error: unknown) => this.#unreadable(error))
        .then(() => this.#readOn())
    } catch (error) {
      this.#unreadable(error)
    }
  }

  /** Goes on after a conversion. */
  #readOn(): void {
    this.#isConverting = false
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#read(next)
      if (this.#isConverting) return
    }
    if (!this.#isFull) this.#peer.resume()
  }

  #take(received: Received, messageBytes: number): void {
    if (this.#isEnded || this.#isDraining) return
    const { account } = this.#peer
    switch (received.kind) {
      case 'end':
        this.#isEnded = true
        return this.#stream.end()
      case 'refused':
        this.#refuse(received, received.error)
        return
      case 'request': {
        const { request } = received
        // JSON may become many times as long
        const bytes = Math.max(messageBytes, request.byteLength) + requestBytes
        if (account.reserve(bytes)) this.#stream.push(request, bytes)
        else this.#refuse(request, noRoom('take a request', bytes, account))
      }
    }
  }

  #unreadable(error: unknown): void {
    const { code, message } = MillraceError.from(error)
    this.#peer.end(code === 'MALFORMED' ? closeCode.malformed : closeCode.full, message)
  }

  #refuse(request: { readonly requestId: string }, error: MillraceError): boolean {
    try {
      return this.#peer.send(this.#options.format.write(refusedRequest(request, error), this.#peer.account))
    } catch {
      this.#peer.end(closeCode.full, error.message)
      return true
    }
  }

  readonly #answerOf: Handler = async (request, call) => {
    const { serving, clock, closesOnNetworkErrors } = this.#options
    try {
      const answer = await limited(serving, clock)(request, call)
      await this.#convert(answer)
      return answer
    } catch (error) {
      const failure = MillraceError.from(error)
      if (closesOnNetworkErrors && isNetworkError(failure)) throw failure
      return refusedRequest(request, failure)
    }
  }

  /** Converts a large answer before the stream gets it, so that answers are sent in their order. */
  async #convert(answer: DataRequest): Promise<void> {
    const { account } = this.#peer
    const text = await this.#options.format.writeElsewhere(answer, this.#tools)
    if (text === null) return
    if (!account.reserve(text.length)) throw noRoomForAnswer(text.length, account)
    this.#converted.set(answer, text)
  }
}

/** The handler with the Flow's time limit. */
function limited({ handle, timeoutMs }: Serving, clock: Clock): Handler {
  if (timeoutMs === null) return handle
  return async (request, parent) => {
    const deadline = clock.now() + timeoutMs
    if (parent.deadline <= deadline) return handle(request, parent)
    const deadlines = deadlinesOf(clock)
    const call = new LimitedCall(parent, deadline, () => call.abort(late(timeoutMs)))
    deadlines.watch(call)
    try {
      return await handle(request, call)
    } finally {
      deadlines.unwatch(call)
      call.unlink()
    }
  }
}
