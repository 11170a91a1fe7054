import { Reader } from '../lib/protobuf/reader.js'
import { prefix, Writer } from '../lib/protobuf/writer.js'
import { decodeHeader, emptyHeader, type Header, writeHeader } from './header.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'
import { maxFields, tooManyFields } from './max-fields.js'
import { joined, lengthOf } from './pieces.js'
import { decodePart, type Part, partsField, writeParts } from './parts.js'
import { decodeRoutes, type Route, writeRoutes } from './routes.js'
import { decodeStruct, encodeStruct, structBytes } from './struct.js'

type Parameters = Record<string, unknown>

const partsTag = partsField * 8 + 2

/**
 * Field of a request whose documents are of DocArray v2: varint 2. It counts where no document tells, as in an empty list. Jina does
 * not define it: a peer that is not Millrace skips it.
 */
const versionField = 2046
const versionTag = versionField * 8
const noParameters: Readonly<Parameters> = Object.freeze({})

/**
 * The common part of DataRequestProto and SingleDocumentRequestProto: header = 1, parameters = 2, routes = 3, and a
 * payload = 4 that its owner decodes.
 *
 * 1. Decoding reads top-level tags only; a part is decoded on first access.
 * 2. A part that was neither set nor returned as a mutable value is sent as the bytes it came in, and so is the whole
 *    message when all parts are unchanged.
 * 3. Unknown fields, here and in the header, are forwarded unchanged.
 * 4. Bytes passed in are never written to, so copies of an envelope may share them.
 */
export class Envelope {
  /** The whole message while nothing has changed. */
  #source: Uint8Array | undefined
  /** The received header, until another one is set. */
  #headerBytes: Uint8Array | undefined
  /** Decoded, or the value that was set. */
  #header: Header | undefined
  #parameters: Uint8Array | Parameters | undefined
  /** The decoded value of `#parameters` while these are bytes, once read. */
  #readParameters: Parameters | undefined
  /** Whole fields with their tags, or the routes that were set or returned. */
  #routes: Uint8Array | Route[] | undefined
  /** One piece, or several to be concatenated. */
  #payload: Uint8Array | readonly Uint8Array[] | undefined
  #parts: readonly Part[] | undefined
  #unknown: Uint8Array | undefined
  #isV2 = false

  /** Throws MALFORMED when the top level is not a protobuf message. Keeps `bytes`. */
  static decode(bytes: Uint8Array): Envelope {
    const envelope = new Envelope()
    envelope.#source = bytes
    const reader = new Reader(bytes)
    let header: FieldBytes
    let parameters: FieldBytes
    let routes: FieldBytes
    let payload: FieldBytes
    let unknown: FieldBytes
    let parts: Part[] | undefined
    for (let fields = 1; !reader.done; fields++) {
      if (fields > maxFields) throw tooManyFields('the message')
      const start = reader.position
      const tag = reader.tag()
      if (tag === 10) header = addOccurrence(header, reader.bytes())
      else if (tag === 18) parameters = addOccurrence(parameters, reader.bytes())
      else if (tag === 34) payload = addOccurrence(payload, reader.bytes())
      else if (tag === versionTag) envelope.#isV2 = reader.uint32() === 2
      else if (tag === partsTag) (parts ??= []).push(decodePart(reader.bytes()))
      else {
        reader.skip(tag)
        const field = bytes.subarray(start, reader.position)
        if (tag === 26) routes = addOccurrence(routes, field)
        else unknown = addOccurrence(unknown, field)
      }
    }
    envelope.#headerBytes = bytesOfField(header)
    envelope.#parameters = bytesOfField(parameters)
    envelope.#routes = bytesOfField(routes)
    envelope.#payload = bytesOfField(payload)
    envelope.#parts = parts
    envelope.#unknown = bytesOfField(unknown)
    return envelope
  }

  /** A copy; later changes to either are independent, but mutable values already returned are shared. */
  copy(): Envelope {
    const copy = new Envelope()
    copy.#source = this.#source
    copy.#headerBytes = this.#headerBytes
    copy.#header = this.#header
    copy.#parameters = this.#parameters
    copy.#readParameters = this.#readParameters
    copy.#routes = this.#routes
    copy.#payload = this.#payload
    copy.#parts = this.#parts
    copy.#unknown = this.#unknown
    copy.#isV2 = this.#isV2
    return copy
  }

  get header(): Header {
    return (this.#header ??= this.#headerBytes === undefined ? emptyHeader : decodeHeader(this.#headerBytes))
  }

  set header(header: Header) {
    this.#source = undefined
    this.#headerBytes = undefined
    this.#header = header
  }

  /** Mutable, so access counts as a change; `readParameters` does not. */
  get parameters(): Parameters {
    this.#source = undefined
    const parameters = this.#parameters
    if (parameters !== undefined && !(parameters instanceof Uint8Array)) return parameters
    return (this.#parameters = parameters === undefined ? {} : decodeStruct(parameters))
  }

  set parameters(parameters: Parameters) {
    this.#source = undefined
    this.#parameters = parameters
  }

  /** The google.protobuf.Struct, undecoded while there was no mutable access; undefined when there is none. */
  get parameterBytes(): Uint8Array | undefined {
    const parameters = this.#parameters
    if (parameters === undefined || parameters instanceof Uint8Array) return parameters
    return structBytes(parameters)
  }

  /** Setting the present bytes again changes nothing. */
  set parameterBytes(bytes: Uint8Array | undefined) {
    const parameters = this.#parameters
    if (bytes === parameters) return
    if (bytes !== undefined && parameters instanceof Uint8Array && areEqual(bytes, parameters)) return
    this.#source = undefined
    this.#parameters = bytes
    this.#readParameters = undefined
  }

  /** Must not be changed. Decoded once. */
  readParameters(): Readonly<Parameters> {
    const parameters = this.#parameters
    if (parameters === undefined) return noParameters
    if (!(parameters instanceof Uint8Array)) return parameters
    return (this.#readParameters ??= decodeStruct(parameters))
  }

  /** Mutable, so access counts as a change. */
  get routes(): Route[] {
    this.#source = undefined
    const routes = this.#routes
    if (Array.isArray(routes)) return routes
    return (this.#routes = routes === undefined ? [] : decodeRoutes(routes))
  }

  set routes(routes: Route[]) {
    this.#source = undefined
    this.#routes = routes
  }

  /** Appends a route; existing routes are not decoded. */
  addRoute(route: Route): void {
    this.#source = undefined
    const routes = this.#routes
    // copies of this envelope may share the array
    if (Array.isArray(routes)) this.#routes = [...routes, route]
    else {
      const writer = new Writer((routes?.length ?? 0) + 64)
      if (routes !== undefined) writer.raw(routes)
      writeRoutes(writer, [route])
      this.#routes = writer.finish()
    }
  }

  get payload(): Uint8Array | undefined {
    const payload = this.#payload
    if (payload === undefined || payload instanceof Uint8Array) return payload
    return (this.#payload = joined(payload))
  }

  /** Pieces to be concatenated; they are not copied. */
  get payloadLength(): number {
    const payload = this.#payload
    if (payload === undefined) return 0
    return payload instanceof Uint8Array ? payload.length : lengthOf(payload)
  }

  set payload(payload: readonly Uint8Array[]) {
    this.#source = undefined
    this.#payload = payload
  }

  /** The answers that the documents were concatenated from; undefined for a single answer. */
  get parts(): readonly Part[] | undefined {
    return this.#parts
  }

  set parts(parts: readonly Part[] | undefined) {
    if (parts === this.#parts) return
    this.#source = undefined
    this.#parts = parts
  }

  /** Whether the message says that its documents are of DocArray v2. */
  get isV2(): boolean {
    return this.#isV2
  }

  set isV2(isV2: boolean) {
    if (isV2 === this.#isV2) return
    this.#source = undefined
    this.#isV2 = isV2
  }

  /** Removes the payload, which its owner encodes from now on. */
  dropPayload(): void {
    this.#source = undefined
    this.#payload = undefined
  }

  /** The message in a new buffer; `writePayload` writes field 4 where the payload was dropped. */
  encode(writePayload?: (writer: Writer) => void, expected = 0): Uint8Array {
    // not slice(), which returns a view for a Buffer
    if (this.#source !== undefined) return new Uint8Array(this.#source)
    const { payload } = this
    const writer = new Writer(this.#expectedHead() + (payload?.length ?? expected))
    this.#writeHead(writer)
    if (payload !== undefined) writer.bytes(4, payload)
    else writePayload?.(writer)
    return writer.finish()
  }

  /** The same in pieces; the payload is not copied. */
  encodeParts(): Uint8Array[] {
    if (this.#source !== undefined) return [this.#source]
    const payload = this.#payload
    return this.#encodeWith(payload instanceof Uint8Array ? [payload] : payload)
  }

  /** The message in pieces with another payload, or none. */
  encodeAround(payload: Uint8Array | undefined): Uint8Array[] {
    if (payload === undefined) return this.#encodeWith(undefined)
    const head = this.#sourceBeforePayload()
    if (head === undefined) return this.#encodeWith([payload])
    return [head, prefix(34, payload.length), payload]
  }

  /** The other fields, encoded, before the pieces of a payload. */
  #encodeWith(payload: readonly Uint8Array[] | undefined): Uint8Array[] {
    const writer = new Writer(this.#expectedHead())
    this.#writeHead(writer)
    if (payload === undefined) return [writer.finish()]
    writer.raw(prefix(34, lengthOf(payload)))
    return [writer.finish(), ...payload]
  }

  /** The received bytes up to the payload; undefined when they have changed, or when fields follow the payload. */
  #sourceBeforePayload(): Uint8Array | undefined {
    const source = this.#source
    const payload = this.#payload
    if (source === undefined || !(payload instanceof Uint8Array) || payload.buffer !== source.buffer)
      return undefined
    if (payload.byteOffset + payload.length !== source.byteOffset + source.length) return undefined
    const end = source.length - payload.length - prefix(34, payload.length).length
    // otherwise its length was not encoded in the shortest form
    return source[end] === 34 ? source.subarray(0, end) : undefined
  }

  #writeHead(writer: Writer): void {
    const header = this.#header
    if (this.#headerBytes !== undefined) writer.bytes(1, this.#headerBytes)
    else if (header !== undefined && header !== emptyHeader) {
      const mark = writer.fork(1, 100)
      writeHeader(writer, header)
      writer.join(mark)
    }
    const parameters = this.#parameters
    if (parameters instanceof Uint8Array) writer.bytes(2, parameters)
    else if (parameters !== undefined && Object.keys(parameters).length > 0) {
      const mark = writer.fork(2)
      encodeStruct(writer, parameters)
      writer.join(mark)
    }
    const routes = this.#routes
    if (Array.isArray(routes)) writeRoutes(writer, routes)
    else if (routes !== undefined) writer.raw(routes)
    if (this.#parts !== undefined) writeParts(writer, this.#parts)
    if (this.#isV2) writer.uint32(versionField, 2)
    if (this.#unknown !== undefined) writer.raw(this.#unknown)
  }

  #expectedHead(): number {
    const known = (part: unknown): number => (part instanceof Uint8Array ? part.length : 128)
    return 320 + known(this.#parameters) + known(this.#routes) + (this.#unknown?.length ?? 0)
  }
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}
