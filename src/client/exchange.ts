import { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Batches } from './batches.js'
import type { Line, Road } from './road.js'

export interface ExchangePlan {
  readonly road: Road
  readonly batches: Batches
  request(docs: DocumentArray): DataRequest
  /** Requests that may be unanswered or not yet taken by the caller; 0 is no limit. */
  readonly prefetch: number
  /** Milliseconds since the epoch, `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

/** After this many bytes the sender lets the event loop write them out and take answers in. */
const breathBytes = 64 * 1024

/**
 * One line of requests: they go out as their source gives them, answers come in as the server gives them.
 *
 * 1. The source is not asked for more while `prefetch` requests are unanswered or not yet taken with `next()`, nor while
 *    the line has more to write than it can take.
 * 2. However it ends, the source is closed and the stream is over at the server too.
 * 3. The first failure wins; answers that came before a failure of the road are still given, those before `abort` are not.
 * 4. Without a request nothing is opened.
 */
export class Exchange {
  readonly #plan: ExchangePlan
  readonly #answers: DataRequest[] = []
  #line: Line | undefined
  /** Set once it is over, with the failure if there was one. */
  #end: { readonly error: MillraceError | undefined } | undefined
  #news: Deferred<void> | undefined
  #room: Deferred<void> | undefined
  #sent = 0
  #taken = 0

  constructor(plan: ExchangePlan) {
    this.#plan = plan
    void this.#send().catch((cause: unknown) => this.abort(MillraceError.from(cause)))
  }

  /** The next answer; undefined when all are there. Rejects with what ended the exchange. */
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

  /** All answers are there, or it failed. */
  get over(): boolean {
    return this.#end !== undefined
  }

  /** Ends it at once, whatever is under way. Idempotent. */
  abort(error: MillraceError): void {
    if (this.#end !== undefined) return
    this.#answers.length = 0
    this.#conclude(error)
    this.#line?.cancel()
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
      const line = (this.#line ??= await this.#open())
      if (this.#end !== undefined) return line.cancel()
      const next = request(new DocumentArray(docs))
      const bytes = next.encode()
      this.#sent++
      line.write(bytes, next.requestId)
      unflushed += bytes.length
      if (unflushed < breathBytes) continue
      await breath()
      unflushed = 0
    }
  }

  #mustWait(): boolean {
    if (this.#end !== undefined) return false
    const { prefetch } = this.#plan
    const full = prefetch > 0 && this.#sent - this.#taken >= prefetch
    return full || this.#line?.roomy === false
  }

  #sentAll(): void {
    if (this.#line === undefined) this.#conclude(undefined)
    else this.#line.end()
  }

  #open(): Promise<Line> {
    const { road, deadline, headers } = this.#plan
    return road.open(
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

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
