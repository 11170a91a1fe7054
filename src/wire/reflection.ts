import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'

/** Messages of grpc.reflection.v1 and v1alpha, which are identical on the wire. */
export type ReflectionQuery =
  | { readonly kind: 'list' }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'symbol'; readonly name: string }
  /** Extensions, which our messages do not have. */
  | { readonly kind: 'extension'; readonly type: string }
  | { readonly kind: 'unknown' }

export interface ReflectionRequest {
  readonly host: string
  readonly query: ReflectionQuery
  /** The received request, to be echoed. */
  readonly bytes: Uint8Array
}

export type ReflectionAnswer =
  | { readonly kind: 'services'; readonly names: readonly string[] }
  | { readonly kind: 'files'; readonly files: readonly Uint8Array[] }
  /** `code` is a gRPC status code: 5 NOT_FOUND, 12 UNIMPLEMENTED. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string }

/** Throws MALFORMED. */
export function decodeReflectionRequest(bytes: Uint8Array): ReflectionRequest {
  const reader = new Reader(bytes)
  let host = ''
  let query: ReflectionQuery = { kind: 'unknown' }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) host = reader.string()
    else if (tag === 26) query = { kind: 'file', name: reader.string() }
    else if (tag === 34) query = { kind: 'symbol', name: reader.string() }
    else if (tag === 42) query = { kind: 'extension', type: containingType(reader.bytes()) }
    else if (tag === 50) query = { kind: 'extension', type: reader.string() }
    else if (tag === 58) {
      reader.skip(tag)
      query = { kind: 'list' }
    } else reader.skip(tag)
  }
  return { host, query, bytes }
}

function containingType(bytes: Uint8Array): string {
  const reader = new Reader(bytes)
  let type = ''
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) type = reader.string()
    else reader.skip(tag)
  }
  return type
}

/** A ServerReflectionResponse that echoes its request. */
export function encodeReflectionResponse(request: ReflectionRequest, answer: ReflectionAnswer): Uint8Array {
  const writer = new Writer(1024)
  if (request.host !== '') writer.string(1, request.host)
  writer.bytes(2, request.bytes)
  const mark = writer.fork(answer.kind === 'files' ? 4 : answer.kind === 'services' ? 6 : 7, 128)
  switch (answer.kind) {
    case 'files':
      for (const file of answer.files) writer.bytes(1, file)
      break
    case 'services':
      for (const name of answer.names) {
        const service = writer.fork(1)
        writer.string(1, name)
        writer.join(service)
      }
      break
    case 'error':
      writer.uint32(1, answer.code)
      writer.string(2, answer.message)
      break
  }
  writer.join(mark)
  return writer.finish()
}

/** A request for the list of services, sent by a client. */
export function encodeListServicesRequest(): Uint8Array {
  const writer = new Writer(8)
  writer.string(7, '*')
  return writer.finish()
}

/** Names in the answer to it; empty when the peer answered something else. Throws MALFORMED. */
export function decodeServiceList(bytes: Uint8Array): string[] {
  const names: string[] = []
  for (const list of fields(bytes, 6)) {
    for (const service of fields(list, 1)) for (const name of fields(service, 1)) names.push(text(name))
  }
  return names
}

function* fields(bytes: Uint8Array, field: number): Generator<Uint8Array> {
  const reader = new Reader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === field * 8 + 2) yield reader.bytes()
    else reader.skip(tag)
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const text = (bytes: Uint8Array): string => decoder.decode(bytes)
