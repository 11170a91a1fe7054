import { Reader } from '../lib/protobuf/reader.js'
import { prefix, Writer } from '../lib/protobuf/writer.js'
import { decodeHeader, emptyHeader, type Header, writeHeader } from './header.js'
import { gather, gathered, type Gathered } from './gather.js'
import { maxFields, tooManyFields } from './max-fields.js'
import { joined, lengthOf } from './pieces.js'
import { decodePart, type Part, partsField, writeParts } from './parts.js'
import { decodeRoutes, type Route, writeRoutes } from './routes.js'
import { decodeStruct, encodeStruct, structBytes } from './struct.js'

type Parameters = Record<string, unknown>

const partsTag = partsField * 8 + 2
const noParameters: Readonly<Parameters> = Object.freeze({})

/**
 * What DataRequestProto and SingleDocumentRequestProto have in common: header = 1, parameters = 2, routes = 3, and a
 * payload = 4 that is somebody else's business.
 *
 * 1. Decoding looks at top-level tags only; a part is decoded when it is first asked for.
 * 2. A part that was neither set nor handed out as a mutable value leaves as the bytes it came in, and the whole message
 *    does when no part was.
 * 3. Fields that are not known, here and in the header, leave as they came.
 * 4. Bytes taken in are never written to, so copies of an envelope may share them.
 */
export class Envelope {
  /** The whole message while nothing has changed. */
  #source: Uint8Array | undefined
  /** As it came, until another one is set. */
  #headerBytes: Uint8Array | undefined
  /** Decoded, or what was set. */
  #header: Header | undefined
  #parameters: Uint8Array | Parameters | undefined
  /** What `#parameters` says while it is bytes, once somebody has read it. */
  #readParameters: Parameters | undefined
  /** Whole fields with their tags, or what was set or handed out. */
  #routes: Uint8Array | Route[] | undefined
  /** One piece, or several that follow each other. */
  #payload: Uint8Array | readonly Uint8Array[] | undefined
  #parts: readonly Part[] | undefined
  #unknown: Uint8Array | undefined

  /** Throws MALFORMED when the top level is no protobuf message. Keeps `bytes`. */
  static decode(bytes: Uint8Array): Envelope {
    const envelope = new Envelope()
    envelope.#source = bytes
    const reader = new Reader(bytes)
    let header: Gathered
    let parameters: Gathered
    let routes: Gathered
    let payload: Gathered
    let unknown: Gathered
    let parts: Part[] | undefined
    for (let fields = 1; !reader.done; fields++) {
      if (fields > maxFields) throw tooManyFields('the message')
      const start = reader.position
      const tag = reader.tag()
      if (tag === 10) header = gather(header, reader.bytes())
      else if (tag === 18) parameters = gather(parameters, reader.bytes())
      else if (tag === 34) payload = gather(payload, reader.bytes())
      else if (tag === partsTag) (parts ??= []).push(decodePart(reader.bytes()))
      else {
        reader.skip(tag)
        const field = bytes.subarray(start, reader.position)
        if (tag === 26) routes = gather(routes, field)
        else unknown = gather(unknown, field)
      }
    }
    envelope.#headerBytes = gathered(header)
    envelope.#parameters = gathered(parameters)
    envelope.#routes = gathered(routes)
    envelope.#payload = gathered(payload)
    envelope.#parts = parts
    envelope.#unknown = gathered(unknown)
    return envelope
  }

  /** The same message; changes to one are not seen in the other, but mutable values already handed out are shared. */
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

  /** Mutable, so that asking for it counts as a change; `readParameters` does not. */
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

  /** The google.protobuf.Struct, undecoded while nobody has asked for it to be changed; undefined when there is none. */
  get parameterBytes(): Uint8Array | undefined {
    const parameters = this.#parameters
    if (parameters === undefined || parameters instanceof Uint8Array) return parameters
    return structBytes(parameters)
  }

  /** The bytes that are there already change nothing. */
  set parameterBytes(bytes: Uint8Array | undefined) {
    const parameters = this.#parameters
    if (bytes === parameters) return
    if (bytes !== undefined && parameters instanceof Uint8Array && areEqual(bytes, parameters)) return
    this.#source = undefined
    this.#parameters = bytes
    this.#readParameters = undefined
  }

  /** To be read only. Decoded once. */
  readParameters(): Readonly<Parameters> {
    const parameters = this.#parameters
    if (parameters === undefined) return noParameters
    if (!(parameters instanceof Uint8Array)) return parameters
    return (this.#readParameters ??= decodeStruct(parameters))
  }

  /** Mutable, so that asking for it counts as a change. */
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

  /** One more behind those that are there, which are not decoded. */
  addRoute(route: Route): void {
    this.#source = undefined
    const routes = this.#routes
    // copies of this envelope may have the same array
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

  /** Pieces that follow each other; they are not copied. */
  set payload(payload: readonly Uint8Array[]) {
    this.#source = undefined
    this.#payload = payload
  }

  /** The answers that the documents consist of; undefined when they are one. */
  get parts(): readonly Part[] | undefined {
    return this.#parts
  }

  set parts(parts: readonly Part[] | undefined) {
    if (parts === this.#parts) return
    this.#source = undefined
    this.#parts = parts
  }

  /** Leaves the payload out from now on: its owner writes it. */
  dropPayload(): void {
    this.#source = undefined
    this.#payload = undefined
  }

  /** The message in one fresh buffer; `writePayload` writes field 4 where the payload was dropped. */
  encode(writePayload?: (writer: Writer) => void, expected = 0): Uint8Array {
    // not slice(), which gives a view of a Buffer
    if (this.#source !== undefined) return new Uint8Array(this.#source)
    const { payload } = this
    const writer = new Writer(this.#expectedHead() + (payload?.length ?? expected))
    this.#writeHead(writer)
    if (payload !== undefined) writer.bytes(4, payload)
    else writePayload?.(writer)
    return writer.finish()
  }

  /** The same in pieces; the payload, or another one in its place, is not copied. */
  encodeParts(payload: Uint8Array | readonly Uint8Array[] | undefined = this.#payload): Uint8Array[] {
    if (this.#source !== undefined) return [this.#source]
    const writer = new Writer(this.#expectedHead())
    this.#writeHead(writer)
    if (payload === undefined) return [writer.finish()]
    const pieces = payload instanceof Uint8Array ? [payload] : payload
    writer.raw(prefix(34, lengthOf(pieces)))
    return [writer.finish(), ...pieces]
  }

  /** The message in pieces with another payload, or none. */
  encodeAround(payload: Uint8Array | undefined): Uint8Array[] {
    const head = this.#sourceBeforePayload()
    if (head !== undefined && payload !== undefined) return [head, prefix(34, payload.length), payload]
    const writer = new Writer(this.#expectedHead())
    this.#writeHead(writer)
    if (payload === undefined) return [writer.finish()]
    writer.raw(prefix(34, payload.length))
    return [writer.finish(), payload]
  }

  /** The bytes that came, as far as the payload; undefined when they have changed, or something comes behind the payload. */
  #sourceBeforePayload(): Uint8Array | undefined {
    const source = this.#source
    const payload = this.#payload
    if (source === undefined || !(payload instanceof Uint8Array) || payload.buffer !== source.buffer)
      return undefined
    if (payload.byteOffset + payload.length !== source.byteOffset + source.length) return undefined
    const end = source.length - payload.length - prefix(34, payload.length).length
    // else its length was not written the shortest way
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
