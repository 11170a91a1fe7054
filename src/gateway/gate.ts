import { FairQueue, type Waiting } from '../balancer/fair-queue.js'
import type { Call, Handler } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { anonymousSender } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'

export interface GateOptions {
  readonly maxRequests: number
  readonly maxBytes: number
}

interface Queued extends Waiting, AbortListener {
  start(): void
}

/**
 * Limits how many requests, and how many bytes of requests, a Flow handles at once, over all clients.
 *
 * 1. At the limit a request is refused with RESOURCE_EXHAUSTED. A request of a stream waits here instead, and its stream is
 *    not read meanwhile, so waiting requests are bounded by what clients have already sent.
 * 2. Waiting requests are admitted in turns of their senders: a client with a thousand requests does not block the others.
 * 3. A request counts until it is answered, whether or not its client reads the answer: a slow reader does not occupy the
 *    gate. The documents of a `stream_doc` call are produced as fast as their client reads them, so there a slow reader
 *    does.
 */
export class Gate {
  readonly #options: GateOptions
  readonly #queue = new FairQueue<Queued>()
  #refused = 0
  #inside = 0
  #bytes = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** Whether a request of a stream would have to wait. */
  get full(): boolean {
    return this.#queue.length > 0 || !this.#fits(0)
  }

  /** Requests of streams that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Requests refused so far. */
  get refused(): number {
    return this.#refused
  }

  /** Wraps a handler so that requests pass the gate first. */
  guard(next: Handler): Handler {
    return (request, call) => {
      const bytes = request.undecodedLength
      if (this.#queue.length === 0 && this.#fits(bytes)) return this.#pass(next, request, call, bytes)
      const { sender = anonymousSender } = call
      if (!sender.patient) {
        const refusal = this.#refusal(bytes)
        this.#refused++
        call.observation?.event({ name: 'gate.refused', code: refusal.code })
        return Promise.reject(refusal)
      }
      call.observation?.event({ name: 'gate.queued', waiting: this.#queue.length })
      return this.#wait(call, bytes, () => this.#pass(next, request, call, bytes))
    }
  }

  #pass(next: Handler, request: DataRequest, call: Call, bytes: number): Promise<DataRequest> {
    this.#inside++
    this.#bytes += bytes
    call.observation?.event({ name: 'gate.entered' })
    // not finally(), which costs each request two more promises
    return next(request, call).then(
      (answer) => {
        this.#leave(bytes)
        return answer
      },
      (error: unknown) => {
        this.#leave(bytes)
        throw error
      },
    )
  }

  #leave(bytes: number): void {
    this.#inside--
    this.#bytes -= bytes
    if (this.#queue.length > 0) this.#letIn()
  }

  #wait(call: Call, bytes: number, enter: () => Promise<DataRequest>): Promise<DataRequest> {
    const { aborted, sender = anonymousSender } = call
    if (aborted !== undefined) return Promise.reject(aborted)
    return new Promise((resolve, reject) => {
      const queued: Queued = {
        sender,
        bytes,
        start() {
          call.offAbort(queued)
          resolve(enter())
        },
        abort: (reason) => {
          if (this.#queue.remove(queued)) reject(reason)
        },
      }
      call.onAbort(queued)
      this.#queue.push(queued)
    })
  }

  #letIn(): void {
    const serve = (queued: Queued): boolean => {
      if (!this.#fits(queued.bytes)) return false
      queued.start()
      return true
    }
    while (this.#queue.serveNext(serve));
  }

  /** When nothing else is inside, a request is always admitted, however large. */
  #fits(bytes: number): boolean {
    const { maxRequests, maxBytes } = this.#options
    return this.#inside === 0 || (this.#inside < maxRequests && this.#bytes + bytes <= maxBytes)
  }

  #refusal(bytes: number): MillraceError {
    const { maxRequests, maxBytes } = this.#options
    const what =
      this.#inside >= maxRequests
        ? `${this.#inside} requests are in it`
        : `${this.#bytes} of ${maxBytes} bytes are in it, and this request has ${bytes}`
    const message = `The Flow takes no more now: ${what}. Send again a little later, or raise queue of the Flow.`
    return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true, retryAfterMs: 100 })
  }
}
