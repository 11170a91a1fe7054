import { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import { nextTurn } from '../lib/next-turn.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Batches } from './batches.js'
import type { RequestStream, Transport } from './transport.js'

export interface ExchangePlan {
  readonly transport: Transport
  readonly batches: Batches
  request(docs: DocumentArray): DataRequest
  /** Maximum number of requests whose answer has not arrived or has not been taken by the caller; 0 is no limit. */
  readonly prefetch: number
  /** Milliseconds since the epoch; `Infinity` is no deadline. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

/** After this many bytes the sender yields to the event loop, which writes them and reads answers. */
const yieldBytes = 64 * 1024

/**
 * One stream of requests: sends requests as the source yields batches, and queues answers as the server sends them.
 *
 * 1. The source is paused while `prefetch` requests have no answer or an answer not yet taken with `next()`, and while the
 *    stream's write buffer is full.
 * 2. However the exchange ends, the source is closed and the stream is closed at the server too.
 * 3. The first failure wins. Answers received before a transport failure are still delivered; `abort` drops them.
 * 4. No stream is opened before the first request.
 */
export class Exchange {
  readonly #plan: ExchangePlan
  readonly #answers: DataRequest[] = []
  #stream: RequestStream | undefined
  /** Set when the exchange ends, with the failure if there was one. */
  #end: { readonly error: MillraceError | undefined } | undefined
  #news: Deferred<void> | undefined
  #room: Deferred<void> | undefined
  #sent = 0
  #taken = 0

  constructor(plan: ExchangePlan) {
    this.#plan = plan
    void this.#send().catch((cause: unknown) => this.abort(MillraceError.from(cause)))
  }

  /** The next answer; undefined after the last one. Rejects with the error that ended the exchange. */
  async next(): Promise<DataRequest | undefined> {
    for (;;) {
      const answer = this.#answers.shift()
      if (answer !== undefined) {
        this.#taken++
        this.#room?.resolve()
        return answer
      }
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error
        return undefined
      }
      this.#news = deferred()
      await this.#news.promise
    }
  }

  /** True once every answer has arrived or the exchange has failed. */
  get over(): boolean {
    return this.#end !== undefined
  }

  /** Ends the exchange at once and cancels requests in flight. Idempotent. */
  abort(error: MillraceError): void {
    if (this.#end !== undefined) return
    this.#answers.length = 0
    this.#conclude(error)
    this.#stream?.cancel()
  }

  #conclude(error: MillraceError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#plan.batches.close()
    this.#room?.resolve()
    this.#news?.resolve()
  }

  async #send(): Promise<void> {
    const { batches, request } = this.#plan
    let unflushed = 0
    for (;;) {
      while (this.#mustWait()) {
        this.#room = deferred()
        await this.#room.promise
        unflushed = 0
      }
      if (this.#end !== undefined) return
      const batch = batches.next()
      const docs = batch instanceof Promise ? await batch : batch
      if (this.#end !== undefined) return
      if (docs === undefined) return this.#sentAll()
      const stream = (this.#stream ??= await this.#open())
      if (this.#end !== undefined) return stream.cancel()
      const next = request(new DocumentArray(docs))
      const bytes = next.encode()
      this.#sent++
      stream.write(bytes, next.requestId)
      unflushed += bytes.length
      if (unflushed < yieldBytes) continue
      await nextTurn()
      unflushed = 0
    }
  }

  #mustWait(): boolean {
    if (this.#end !== undefined) return false
    const { prefetch } = this.#plan
    const full = prefetch > 0 && this.#sent - this.#taken >= prefetch
    return full || this.#stream?.hasRoom === false
  }

  #sentAll(): void {
    if (this.#stream === undefined) this.#conclude(undefined)
    else this.#stream.end()
  }

  #open(): Promise<RequestStream> {
    const { transport, deadline, headers } = this.#plan
    return transport.open(
      { deadline, headers },
      {
        onAnswer: (answer) => this.#receive(answer),
        onRoom: () => this.#room?.resolve(),
        onEnd: (error) => this.#conclude(error),
      },
    )
  }

  #receive(answer: DataRequest): void {
    if (this.#end !== undefined) return
    this.#answers.push(answer)
    this.#news?.resolve()
  }
}
