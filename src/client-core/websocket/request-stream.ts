import { maybeRun } from '../../call/outcome.js'
import { MillraceError } from '../../errors.js'
import { DataRequest } from '../../wire/data-request.js'
import { errorFromRefusal } from '../../wire/refusal.js'
import { closeCode, endOfRequests } from '../../wire/websocket.js'
import { callHeaders } from '../http-answer.js'
import { InOrder } from '../in-order.js'
import type { CallOptions, RequestStream, StreamListener } from '../transport.js'
import { Unanswered } from '../unanswered.js'
import { earlyEnd } from './early-end.js'
import type { ClientSocket, Dialer, SocketEnd, SocketListener } from './socket.js'

/** The sender pauses while so many bytes are unsent. */
const roomBytes = 1024 * 1024

/** How many times in a row a stream moves to another gateway without an answer in between. */
const mostMoves = 3

/**
 * One stream of requests.
 *
 * 1. It ends at the first request that the gateway refuses, as over gRPC.
 * 2. When its gateway closes, the requests without an answer were not run, and are sent to the gateway that now listens at the
 *    address.
 */
export class WebSocketStream implements RequestStream, SocketListener {
  readonly #dialer: Dialer
  readonly #call: CallOptions
  readonly #listener: StreamListener
  readonly #onOver: () => void
  /** Undefined when answers are given as they arrive. */
  readonly #inOrder: InOrder<string> | undefined
  readonly #unanswered = new Unanswered()
  #socket: ClientSocket
  #sent = 0
  #received = 0
  #moves = 0
  #isEnded = false
  #isOver = false

  /** @param onOver called once, however the stream ends */
  constructor(dialer: Dialer, call: CallOptions, listener: StreamListener, onOver: () => void) {
    this.#dialer = dialer
    this.#call = call
    this.#listener = listener
    this.#onOver = onOver
    if (call.headers.__results_in_order__ === 'true')
      this.#inOrder = new InOrder((answer) => listener.onAnswer(answer))
    this.#socket = this.#dial()
  }

  get hasRoom(): boolean {
    return this.#socket.unsentBytes < roomBytes
  }

  write(request: Uint8Array, id: string): void {
    if (this.#isOver) return
    this.#sent++
    this.#unanswered.sent(id, request)
    this.#inOrder?.sent(id)
    this.#socket.send(request)
  }

  end(): void {
    this.#isEnded = true
    if (!this.#isOver) this.#socket.send(endOfRequests)
  }

  cancel(): void {
    this.#over()
    this.#socket.terminate()
  }

  /** The client is closed. */
  abort(reason: MillraceError): void {
    this.#fail(reason)
  }

  message(bytes: Uint8Array): void {
    if (this.#isOver) return
    try {
      this.#receive(DataRequest.decode(bytes))
    } catch (error) {
      this.#fail(MillraceError.from(error, 'MALFORMED'))
    }
  }

  taken(): void {
    if (!this.#isOver && this.hasRoom) this.#listener.onRoom()
  }

  closed(end: SocketEnd): void {
    if (this.#isOver) return
    const open = this.#sent - this.#received
    const { address } = this.#dialer
    const code = 'code' in end ? end.code : 0
    if (code === closeCode.complete && this.#isEnded && open <= 0) {
      this.#over()
      return this.#listener.onEnd(undefined)
    }
    if (code === closeCode.leaving && this.#move()) return
    this.#fail(earlyEnd(end, address, `while ${open} of ${this.#sent} requests were unanswered`))
  }

  #receive(answer: DataRequest): void {
    this.#received++
    this.#moves = 0
    const { status, requestId } = answer
    const refusal = status?.code === 'ERROR' ? errorFromRefusal(status, this.#dialer.address) : null
    if (refusal !== null) {
      // it ends the stream, and other requests are still in flight; without an id it refuses the socket
      const isAlone = requestId === '' || this.#sent <= this.#received
      return this.#fail(isAlone ? refusal : maybeRun(refusal))
    }
    this.#unanswered.answered(requestId)
    if (this.#inOrder === undefined) this.#listener.onAnswer(answer)
    else this.#inOrder.answered(requestId, answer)
  }

  #over(): void {
    this.#isOver = true
    this.#onOver()
  }

  #fail(error: MillraceError): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.onEnd(error)
  }

  #dial(): ClientSocket {
    return this.#dialer.dial({ subprotocol: 'millrace.bytes', headers: callHeaders(this.#call) }, this)
  }

  /** Sends the unanswered requests to the next gateway at the address. False when that is not possible. */
  #move(): boolean {
    const requests = this.#unanswered.all
    if (requests === null || this.#moves++ >= mostMoves) return false
    this.#socket = this.#dial()
    for (const request of requests) this.#socket.send(request)
    if (this.#isEnded) this.#socket.send(endOfRequests)
    else this.#listener.onRoom()
    return true
  }
}
