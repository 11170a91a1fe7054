import { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { GrpcConnection } from '../transport/grpc/connection.js'
import { methods } from '../transport/grpc/methods.js'
import { errorFromGrpc, GrpcFailure, grpcCode, type GrpcStatus } from '../transport/grpc/status.js'
import type { GrpcStream } from '../transport/grpc/stream.js'
import { DataRequest } from '../wire/data-request.js'
import type { Batches } from './batches.js'

export interface ExchangePlan {
  connect(): Promise<GrpcConnection>
  readonly batches: Batches
  encode(docs: DocumentArray): Uint8Array
  /** Requests that may be unanswered or not yet taken by the caller; 0 is no limit. */
  readonly prefetch: number
  /** Milliseconds since the epoch, `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

/** After this many bytes the sender lets the event loop write them out and take answers in. */
const breathBytes = 64 * 1024

/**
 * One `Call` stream: requests go out as their source gives them, answers come in as the server gives them.
 *
 * 1. The source is not asked for more while `prefetch` requests are unanswered or not yet taken with `next()`, nor while
 *    the connection has more to write than it can take.
 * 2. However it ends, the source is closed and the stream is over at the server too.
 * 3. The first failure wins; answers that came before a failure of the road are still given, those before `abort` are not.
 * 4. Without a request nothing is opened.
 */
export class Exchange {
  readonly #plan: ExchangePlan
  readonly #answers: DataRequest[] = []
  #call: GrpcStream | undefined
  /** Set once it is over, with the failure if there was one. */
  #end: { readonly error: MillraceError | undefined } | undefined
  #news: Deferred<void> | undefined
  #room: Deferred<void> | undefined
  #sent = 0
  #received = 0
  #taken = 0
  #allSent = false

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
    this.#call?.cancel()
  }

  #conclude(error: MillraceError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#plan.batches.close()
    this.#room?.resolve()
    this.#news?.resolve()
  }

  async #send(): Promise<void> {
    const { batches, encode } = this.#plan
    let unflushed = 0
    for (;;) {
      while (this.#mustWait()) {
        this.#room = deferred()
        await this.#room.promise
        unflushed = 0
      }
      if (this.#end !== undefined) return
      const next = batches.next()
      const docs = next instanceof Promise ? await next : next
      if (this.#end !== undefined) return
      if (docs === undefined) return this.#sentAll()
      const call = (this.#call ??= await this.#open())
      if (this.#end !== undefined) return call.cancel()
      const bytes = encode(new DocumentArray(docs))
      this.#sent++
      call.write(bytes)
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
    return full || this.#call?.roomy === false
  }

  #sentAll(): void {
    this.#allSent = true
    if (this.#call === undefined) this.#conclude(undefined)
    else this.#call.end()
  }

  async #open(): Promise<GrpcStream> {
    const { deadline, headers } = this.#plan
    const connection = await this.#plan.connect()
    return connection.duplex(
      methods.call,
      { deadline, headers },
      {
        onMessage: (bytes) => this.#receive(bytes),
        onDrain: () => this.#room?.resolve(),
        onEnd: (status) => this.#closed(status, connection.address),
      },
    )
  }

  #receive(bytes: Buffer): void {
    if (this.#end !== undefined) return
    try {
      this.#answers.push(DataRequest.decode(bytes))
    } catch (cause) {
      return this.abort(MillraceError.from(cause, 'MALFORMED'))
    }
    this.#received++
    this.#news?.resolve()
  }

  #closed(status: GrpcStatus, address: string): void {
    if (status.code !== grpcCode.ok)
      return this.#conclude(errorFromGrpc(new GrpcFailure(status), { address }))
    const open = this.#sent - this.#received
    if (this.#allSent && open <= 0) return this.#conclude(undefined)
    const message = `${address} ended the stream while ${open} of ${this.#sent} requests were unanswered.`
    this.#conclude(new MillraceError('UNAVAILABLE', message, { where: { address } }))
  }
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
