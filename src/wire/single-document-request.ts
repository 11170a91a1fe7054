import { Document } from '../document/index.js'
import { Envelope } from './envelope.js'
import { emptyHeader } from './header.js'
import { lengthOf } from './pieces.js'
import { requestId } from './request-id.js'
import type { Route } from './routes.js'
import { decodeStatus, type Status } from './status.js'

export interface SingleDocumentRequestInit {
  readonly endpoint: string
  readonly document?: Document
  readonly parameters?: Record<string, unknown>
  readonly targetExecutor?: string
  /** 32 random hex characters unless given. */
  readonly requestId?: string
}

/** Jina's SingleDocumentRequestProto, the message of `stream_doc`: as lazy as DataRequest, with one document. */
export class SingleDocumentRequest {
  readonly #envelope: Envelope
  #document: Document | undefined

  private constructor(envelope: Envelope) {
    this.#envelope = envelope
  }

  /** Reads top-level tags only. Throws MALFORMED. */
  static decode(bytes: Uint8Array): SingleDocumentRequest {
    return new SingleDocumentRequest(Envelope.decode(bytes))
  }

  static create(init: SingleDocumentRequestInit): SingleDocumentRequest {
    const envelope = new Envelope()
    envelope.header = {
      ...emptyHeader,
      requestId: init.requestId ?? requestId(),
      endpoint: init.endpoint || undefined,
      targetExecutor: init.targetExecutor || undefined,
    }
    if (init.parameters !== undefined) envelope.parameters = init.parameters
    const request = new SingleDocumentRequest(envelope)
    request.#document = init.document
    return request
  }

  /** A response to it: shares every part until it is changed. */
  answer(): SingleDocumentRequest {
    const answer = new SingleDocumentRequest(this.#envelope.copy())
    answer.#document = this.#document
    return answer
  }

  get requestId(): string {
    return this.#envelope.header.requestId
  }

  set requestId(requestId: string) {
    this.#envelope.header = { ...this.#envelope.header, requestId }
  }

  /** Jina's `exec_endpoint`; '' when absent. */
  get endpoint(): string {
    return this.#envelope.header.endpoint ?? ''
  }

  set endpoint(endpoint: string) {
    this.#envelope.header = { ...this.#envelope.header, endpoint: endpoint || undefined }
  }

  /** '' for all stages. */
  get targetExecutor(): string {
    return this.#envelope.header.targetExecutor ?? ''
  }

  set targetExecutor(targetExecutor: string) {
    if (targetExecutor === this.targetExecutor) return
    this.#envelope.header = { ...this.#envelope.header, targetExecutor: targetExecutor || undefined }
  }

  get status(): Status | undefined {
    const { status } = this.#envelope.header
    return status instanceof Uint8Array ? decodeStatus(status) : status
  }

  set status(status: Status | undefined) {
    this.#envelope.header = { ...this.#envelope.header, status }
  }

  /** Mutable: changes to it are sent. `readParameters` keeps the bytes as they came. */
  get parameters(): Record<string, unknown> {
    return this.#envelope.parameters
  }

  set parameters(parameters: Record<string, unknown>) {
    this.#envelope.parameters = parameters
  }

  /** Must not be changed: changes are not sent. Decoded on first use. Throws MALFORMED. */
  readParameters(): Readonly<Record<string, unknown>> {
    return this.#envelope.readParameters()
  }

  /** The parameters as bytes of a google.protobuf.Struct; undefined when there are none. Must not be written to. */
  get parameterBytes(): Uint8Array | undefined {
    return this.#envelope.parameterBytes
  }

  set parameterBytes(bytes: Uint8Array | undefined) {
    this.#envelope.parameterBytes = bytes
  }

  /** Mutable: changes to it are sent. */
  get routes(): Route[] {
    return this.#envelope.routes
  }

  set routes(routes: Route[]) {
    this.#envelope.routes = routes
  }

  /** Appends a route; the present ones are not decoded. */
  addRoute(route: Route): void {
    this.#envelope.addRoute(route)
  }

  /** Decoded on first use; a new empty Document when there is none. Throws MALFORMED. */
  get document(): Document {
    if (this.#document !== undefined) return this.#document
    const { payload } = this.#envelope
    this.#document = payload === undefined ? new Document() : Document.fromProtobuf(payload)
    this.#envelope.dropPayload()
    return this.#document
  }

  set document(document: Document) {
    this.#envelope.dropPayload()
    this.#document = document
  }

  /** Size of `encode()` in bytes. */
  get byteLength(): number {
    return lengthOf(this.encodeParts())
  }

  /** The SingleDocumentRequestProto in a new buffer. Throws INVALID_INPUT for parameters that cannot be sent. */
  encode(): Uint8Array {
    const document = this.#document?.toProtobuf()
    if (document === undefined) return this.#envelope.encode()
    return this.#envelope.encode((writer) => writer.bytes(4, document), document.length + 8)
  }

  /** The same bytes in pieces; the document is not copied. */
  encodeParts(): Uint8Array[] {
    return this.#envelope.encodeParts(this.#document?.toProtobuf())
  }
}
