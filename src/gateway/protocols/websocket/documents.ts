import type { ItemSink } from '../../../call/items.js'
import { Document, DocumentArray } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import { noRoom } from '../../../budget/refusals.js'
import { type Deferred, deferred } from '../../../lib/deferred.js'
import type { DataRequest } from '../../../wire/data-request.js'
import { closeCode, pageWindow } from '../../../wire/websocket.js'
import type { Serving } from '../../serving.js'
import { documentJson } from '../http/json/document-json.js'
import { type Format, jsonFormat, protobufFormat } from './formats.js'
import { refusedRequest } from './refused-request.js'
import type { Peer, Talk } from './talk.js'

/** Approximate memory of a stream besides its bytes. */
const streamBytes = 4096

/**
 * One request with one document, and the documents that it yields, a message each: the sub-protocol `millrace.stream`. A request
 * as text is answered with texts, one in protobuf with protobuf.
 *
 * 1. The socket is closed with 1000 after the last document. When the stream fails, the last message has the error, and the
 *    socket is closed with 1011.
 * 2. The producer waits while the client has not taken what was sent; a page also while it has not told that it took all but
 *    the last `pageWindow` documents.
 */
export class Documents implements Talk, ItemSink {
  readonly #peer: Peer
  readonly #serving: Serving
  #state: 'waiting' | 'streaming' | 'ended' = 'waiting'
  #request: DataRequest | undefined
  /** That of the request. */
  #format: Format = jsonFormat
  /** Documents that may be sent. */
  #granted: number
  #count = 0
  #isBlocked = false
  #room: Deferred | undefined

  constructor(peer: Peer, { serving, isPage }: { readonly serving: Serving; readonly isPage: boolean }) {
    this.#peer = peer
    this.#serving = serving
    this.#granted = isPage ? pageWindow : Number.POSITIVE_INFINITY
    peer.call.onAbort({ abort: () => this.#goOn() })
  }

  get isIdle(): boolean {
    return this.#state === 'waiting'
  }

  get count(): number {
    return this.#count
  }

  get isAwaited(): boolean {
    return this.#room !== undefined && !this.#isBlocked
  }

  message(bytes: Buffer, isBinary: boolean): void {
    if (this.#state !== 'waiting') {
      if (bytes.length === 0 && Number.isFinite(this.#granted)) return this.#grant()
      return this.#peer.end(closeCode.notAllowed, 'A stream takes one request: open another WebSocket.')
    }
    this.#state = 'streaming'
    if (isBinary) this.#format = protobufFormat
    this.#begin(bytes).catch((error: unknown) => this.#fail(MillraceError.from(error)))
  }

  drained(): void {
    this.#isBlocked = false
    if (this.#count < this.#granted) this.#goOn()
  }

  drain(): void {
    if (this.#state === 'waiting') this.#peer.end(closeCode.leaving, 'The gateway closes.')
  }

  closed(): void {
    this.#state = 'ended'
  }

  push(item: DataRequest): void | Promise<void> {
    if (this.#state !== 'streaming') return
    this.#count++
    try {
      if (this.#format === protobufFormat) return this.#send(protobufFormat.write(item))
      const { account, call } = this.#peer
      const text = documentJson(item, { account, call, thread: this.#serving.json })
      if (!(text instanceof Promise)) return this.#sendText(text)
      return text
        .then((converted) => this.#sendText(converted))
        .catch((error: unknown) => this.#fail(MillraceError.from(error)))
    } catch (error) {
      return this.#fail(MillraceError.from(error))
    }
  }

  #sendText({ buffer, byteOffset, byteLength }: Uint8Array): void | Promise<void> {
    return this.#send(Buffer.from(buffer, byteOffset, byteLength), { isText: true })
  }

  #send(message: Buffer, { isText } = { isText: false }): void | Promise<void> {
    if (this.#state !== 'streaming') return
    this.#isBlocked = !this.#peer.send(message, { isText })
    if (!this.#isBlocked && this.#count < this.#granted) return
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** The page has taken half of its window. */
  #grant(): void {
    this.#granted += pageWindow / 2
    if (!this.#isBlocked && this.#count < this.#granted) this.#goOn()
  }

  #goOn(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  async #begin(message: Buffer): Promise<void> {
    const { account, call } = this.#peer
    const bytes = message.length + streamBytes
    if (!account.reserve(bytes)) throw noRoom('take a request', bytes, account)
    const received = await this.#format.read(message, { account, call, thread: this.#serving.json })
    if (this.#state !== 'streaming') return
    if (received.kind === 'end') return this.#peer.end(closeCode.complete)
    if (received.kind === 'refused') throw received.error
    const { request } = received
    this.#request = request
    const count = request.peekDocCount()
    if (count > 1) {
      const what = `A stream takes one document, and the request has ${count}.`
      throw new MillraceError('INVALID_INPUT', what, { notRun: true })
    }
    if (count === 0) request.docs = new DocumentArray([new Document()])
    call.items = this
    this.#end(await this.#serving.handle(request, call))
  }

  #end(closing: DataRequest): void {
    if (this.#state !== 'streaming') return
    if (closing.status?.code === 'ERROR') return this.#finish(closing)
    this.#state = 'ended'
    this.#peer.end(closeCode.complete)
  }

  #fail(error: MillraceError): void {
    if (this.#state === 'streaming') this.#finish(refusedRequest(this.#request ?? { requestId: '' }, error))
  }

  /** Sends the status of a stream that failed. */
  #finish(failed: DataRequest): void {
    this.#state = 'ended'
    try {
      this.#peer.send(this.#format.write(failed, this.#peer.account))
    } catch {
      // there is no room even for this
    }
    this.#peer.end(closeCode.failed, failed.status?.description)
  }
}
