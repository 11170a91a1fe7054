import { MillraceError } from '../../errors.js'
import { DataRequest } from '../../wire/data-request.js'
import { errorFromRefusal } from '../../wire/refusal.js'
import { closeCode } from '../../wire/websocket.js'
import { callHeaders } from '../http-answer.js'
import type { StreamingCall } from '../transport.js'
import { earlyEnd } from './early-end.js'
import type { ClientSocket, Dialer, SocketEnd, SocketListener } from './socket.js'

/** One document, and the documents that it yields. */
export class DocumentStream implements SocketListener {
  /** Resolves with the closing answer, which is that of the Executor if it failed. */
  readonly closing: Promise<DataRequest>
  readonly #request: DataRequest
  readonly #call: StreamingCall
  readonly #socket: ClientSocket
  readonly #address: string
  #resolve!: (closing: DataRequest) => void
  #reject!: (error: MillraceError) => void
  #failed: DataRequest | undefined

  constructor(dialer: Dialer, request: DataRequest, call: StreamingCall) {
    this.#request = request
    this.#call = call
    this.#address = dialer.address
    this.closing = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#socket = dialer.dial({ subprotocol: 'millrace.stream', headers: callHeaders(call) }, this)
    this.#socket.send(request.encode())
    call.onAbort(this)
  }

  abort(reason: MillraceError): void {
    this.#reject(reason)
    this.#socket.terminate()
  }

  message(bytes: Uint8Array): void {
    try {
      const item = DataRequest.decode(bytes)
      if (item.status?.code === 'ERROR') {
        this.#failed = item
        return
      }
      const room = this.#call.items.push(item)
      if (room === undefined) return
      this.#socket.pause()
      void room.then(() => this.#socket.resume()) // never rejects, by contract
    } catch (error) {
      this.abort(MillraceError.from(error, 'MALFORMED'))
    }
  }

  taken(): void {}

  closed(end: SocketEnd): void {
    this.#call.offAbort(this)
    const failed = this.#failed
    if (failed !== undefined) {
      const refusal = errorFromRefusal(failed.status!, this.#address)
      if (refusal === null) this.#resolve(failed)
      else this.#reject(refusal)
    } else if ('code' in end && end.code === closeCode.complete) {
      this.#resolve(this.#request.answer().withList([]))
    } else this.#reject(earlyEnd(end, this.#address, 'before its last document'))
  }
}
