import { Document, DocumentArray, documentsLength, encodeDocuments } from '../document/index.js'
import { unreadDocuments } from '../document/document-array.js'
import { Reader } from '../lib/protobuf/reader.js'
import { prefix, type Writer } from '../lib/protobuf/writer.js'
import { dataOfDocument, pickled, splitData } from './data-message.js'
import { Envelope } from './envelope.js'
import { emptyHeader } from './header.js'
import type { Part } from './parts.js'
import { lengthOf } from './pieces.js'
import { requestId } from './request-id.js'
import type { Route } from './routes.js'
import { countDocuments, docsTag } from './lists/list.js'
import { decodeStatus, type Status } from './status.js'

export type { Part } from './parts.js'
export type { Route } from './routes.js'
export type { Status } from './status.js'

const nothing = new Uint8Array()

export interface DataRequestInit {
  readonly endpoint: string
  readonly docs?: DocumentArray
  readonly parameters?: Record<string, unknown>
  readonly targetExecutor?: string
  /** 32 random hex characters unless given. */
  readonly requestId?: string
}

/**
 * Jina's DataRequestProto: a batch of documents with one id, endpoint and parameters. It wraps bytes: each part is decoded
 * on first access, and encoded again only when it was set or returned as a mutable value. The bytes passed in must not be
 * written to afterwards.
 *
 * @example
 * const request = DataRequest.decode(bytes)
 * if (request.endpoint === '/index') await forward(request.encodeParts())   // documents are not decoded
 */
export class DataRequest {
  readonly #envelope: Envelope
  /** Set once documents were returned or assigned; then the envelope has no payload. */
  #docs: DocumentArray | undefined
  /** Fields of the data message other than the documents, tags included. */
  #dataUnknown: Uint8Array | undefined
  /** The payload that `#docs` was read from, null for none; undefined for documents that were assigned. */
  #came: Uint8Array | null | undefined

  /** Field 4 is one document, as in SingleDocumentRequestProto, and not yet the data message of a DataRequestProto. */
  #isSingle = false

  private constructor(envelope: Envelope) {
    this.#envelope = envelope
  }

  /** Reads top-level tags only. Throws MALFORMED. */
  static decode(bytes: Uint8Array): DataRequest {
    return new DataRequest(Envelope.decode(bytes))
  }

  /** Converts a SingleDocumentRequestProto to a request with its document, or an empty one. Throws MALFORMED. */
  static fromSingleDocument(bytes: Uint8Array): DataRequest {
    const request = new DataRequest(Envelope.decode(bytes))
    request.#isSingle = true
    return request
  }

  static create(init: DataRequestInit): DataRequest {
    const envelope = new Envelope()
    envelope.header = {
      ...emptyHeader,
      requestId: init.requestId ?? requestId(),
      endpoint: init.endpoint || undefined,
      targetExecutor: init.targetExecutor || undefined,
    }
    if (init.parameters !== undefined) envelope.parameters = init.parameters
    const request = new DataRequest(envelope)
    request.#docs = init.docs
    return request
  }

  /** A copy that can be changed on its own: header, parameters, routes and documents are shared until either one sets them. */
  copy(): DataRequest {
    const copy = new DataRequest(this.#envelope.copy())
    copy.#docs = this.#docs
    copy.#dataUnknown = this.#dataUnknown
    copy.#came = this.#came
    copy.#isSingle = this.#isSingle
    return copy
  }

  /** A response to it: a copy that counts as a single answer, without parts. */
  answer(): DataRequest {
    const answer = this.copy()
    answer.parts = undefined
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

  /** A regular expression for names of stages, '' for all. */
  get targetExecutor(): string {
    return this.#envelope.header.targetExecutor ?? ''
  }

  set targetExecutor(targetExecutor: string) {
    if (targetExecutor === this.targetExecutor) return
    this.#envelope.header = { ...this.#envelope.header, targetExecutor: targetExecutor || undefined }
  }

  /** Jina's `header.timeout`; undefined when absent. */
  get timeout(): number | undefined {
    return this.#envelope.header.timeout
  }

  set timeout(timeout: number | undefined) {
    this.#envelope.header = { ...this.#envelope.header, timeout }
  }

  get status(): Status | undefined {
    const { status } = this.#envelope.header
    return status instanceof Uint8Array ? decodeStatus(status) : status
  }

  set status(status: Status | undefined) {
    this.#envelope.header = { ...this.#envelope.header, status }
  }

  /** Mutable: changes to it are sent. `readParameters` keeps the received bytes. */
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

  /** Appends a route; existing routes are not decoded. */
  addRoute(route: Route): void {
    this.#envelope.addRoute(route)
  }

  /** Decodes the documents on first use; empty when there are none. Throws MALFORMED, and UNSUPPORTED for a Python pickle. */
  get docs(): DocumentArray {
    if (this.#docs !== undefined) return this.#docs
    const { payload } = this.#envelope
    if (this.#isSingle) {
      this.docs = new DocumentArray([Document.fromProtobuf(payload ?? nothing)])
      return this.docs
    }
    const { docs, pickle, unknown } = splitData(payload ?? nothing)
    if (pickle) throw pickled()
    const array = DocumentArray.fromProtobuf(docs ?? nothing)
    this.#envelope.dropPayload()
    this.#dataUnknown = unknown
    this.#came = payload ?? null
    return (this.#docs = array)
  }

  set docs(docs: DocumentArray) {
    this.#envelope.dropPayload()
    this.#dataUnknown = undefined
    this.#came = undefined
    this.#isSingle = false
    this.#docs = docs
  }

  /**
   * A copy with other documents, and without parts: the pieces, concatenated, are a DocumentArrayProto. They are not copied, and must not be
   * written to afterwards.
   */
  withList(pieces: readonly Uint8Array[]): DataRequest {
    const other = new DataRequest(this.#envelope.copy())
    other.#envelope.payload = [prefix(10, lengthOf(pieces)), ...pieces]
    other.parts = undefined
    return other
  }

  /** The bytes of the DocumentArrayProto; undefined when there is none. @throws MALFORMED, and UNSUPPORTED for a Python pickle */
  get list(): Uint8Array | undefined {
    if (this.#docs !== undefined) return this.#docs.toProtobuf()
    const { payload } = this.#dataEnvelope
    if (payload === undefined) return undefined
    const { docs, pickle } = splitData(payload)
    if (pickle) throw pickled()
    return docs
  }

  /** Whether the message says that its documents are of DocArray v2; `versionOf` asks the documents first. */
  get saysV2(): boolean {
    return this.#envelope.isV2
  }

  set saysV2(isV2: boolean) {
    this.#envelope.isV2 = isV2
  }

  /** The answers that the documents were concatenated from, if there were several. */
  get parts(): readonly Part[] | undefined {
    return this.#envelope.parts
  }

  set parts(parts: readonly Part[] | undefined) {
    this.#envelope.parts = parts
  }

  /** Field 4, undecoded, while the documents were not accessed. */
  get data(): Uint8Array | undefined {
    return this.#envelope.payload
  }

  /** Bytes of field 4 while the documents were not accessed, else 0. Unlike `data`, it never puts pieces together. */
  get undecodedLength(): number {
    return this.#docs === undefined ? this.#envelope.payloadLength : 0
  }

  /** Bytes of field 4. Immediate while the documents were not accessed; otherwise they are encoded. */
  get dataLength(): number {
    if (this.#docs === undefined) return this.#dataEnvelope.payloadLength
    const length = this.#docs.toProtobuf().length
    if (this.#came === null && length === 0) return 0
    return prefix(10, length).length + length + (this.#dataUnknown?.length ?? 0)
  }

  /**
   * The number of documents, without decoding them; 0 for a Python pickle. Stops counting at `most` + 1.
   * Throws MALFORMED.
   */
  peekDocCount(most?: number): number {
    if (this.#docs !== undefined) return this.#docs.length
    if (this.#isSingle) return 1
    const { payload } = this.#envelope
    const docs = payload === undefined ? undefined : splitData(payload).docs
    return docs === undefined ? 0 : countDocuments(docs, most)
  }

  /** Size of `encode()` in bytes. Immediate for a request passed through; encodes a request whose documents were decoded. */
  get byteLength(): number {
    return lengthOf(this.encodeParts())
  }

  /** The DataRequestProto in a new buffer. Throws INVALID_INPUT for parameters that cannot be sent. */
  encode(): Uint8Array {
    const docs = this.#docs
    if (docs === undefined) return this.#dataEnvelope.encode()
    const expected = documentsLength(docs)
    return this.#envelope.encode((writer) => this.#writeDocs(writer, docs, expected), expected)
  }

  /** The same bytes in pieces for a vectored write; documents that were not accessed are not copied. */
  encodeParts(): Uint8Array[] {
    // the bytes that came, if nobody has asked for a document since
    if (this.#docs !== undefined && this.#came && unreadDocuments(this.#docs) !== undefined)
      return this.#envelope.encodeAround(this.#came)
    return this.#docs === undefined ? this.#dataEnvelope.encodeParts() : [this.encode()]
  }

  /**
   * The request as a SingleDocumentRequestProto, with the first document, in pieces. Throws INVALID_INPUT for parameters that
   * cannot be sent, MALFORMED, and UNSUPPORTED for a Python pickle.
   */
  encodeSingleDocument(): Uint8Array[] {
    if (this.#isSingle) return this.#envelope.encodeParts()
    const reader = new Reader(this.list ?? nothing)
    const isThere = !reader.done && reader.tag() === docsTag
    return this.#envelope.encodeAround(isThere ? reader.bytes() : undefined)
  }

  /** The envelope, with field 4 as DataRequestProto has it. */
  get #dataEnvelope(): Envelope {
    if (this.#isSingle) {
      this.#isSingle = false
      this.#envelope.payload = dataOfDocument(this.#envelope.payload ?? nothing)
    }
    return this.#envelope
  }

  #writeDocs(writer: Writer, docs: DocumentArray, expected: number): void {
    if (this.#came === null && docs.length === 0) return
    const data = writer.fork(4, expected)
    const list = writer.fork(1, expected)
    encodeDocuments(writer, docs)
    writer.join(list)
    if (this.#dataUnknown !== undefined) writer.raw(this.#dataUnknown)
    writer.join(data)
  }
}
