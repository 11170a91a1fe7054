import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'
import { maxFields, tooManyFields } from './max-fields.js'
import { type Status, writeStatus } from './status.js'

/** HeaderProto as an immutable value, so requests can share it. */
export interface Header {
  readonly requestId: string
  /** The received value, or the one that was set. */
  readonly status: Uint8Array | Status | undefined
  readonly endpoint: string | undefined
  readonly targetExecutor: string | undefined
  /** Set by the client; Jina defines no unit and does not use it. */
  readonly timeout: number | undefined
  /** Whole fields that this version does not define. */
  readonly unknown: Uint8Array | undefined
}

export const emptyHeader: Header = {
  requestId: '',
  status: undefined,
  endpoint: undefined,
  targetExecutor: undefined,
  timeout: undefined,
  unknown: undefined,
}

/** Throws MALFORMED. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes)
  let requestId = ''
  let status: FieldBytes
  let endpoint: string | undefined
  let targetExecutor: string | undefined
  let timeout: number | undefined
  let unknown: FieldBytes
  for (let fields = 1; !reader.done; fields++) {
    if (fields > maxFields) throw tooManyFields('the header')
    const start = reader.position
    const tag = reader.tag()
    if (tag === 10) requestId = reader.string()
    else if (tag === 18) status = addOccurrence(status, reader.bytes())
    else if (tag === 26) endpoint = reader.string()
    else if (tag === 34) targetExecutor = reader.string()
    else if (tag === 40) timeout = reader.uint32()
    else {
      reader.skip(tag)
      unknown = addOccurrence(unknown, bytes.subarray(start, reader.position))
    }
  }
  return {
    requestId,
    status: bytesOfField(status),
    endpoint,
    targetExecutor,
    timeout,
    unknown: bytesOfField(unknown),
  }
}

/** Writes the fields of a HeaderProto; the caller has opened the message. */
export function writeHeader(writer: Writer, header: Header): void {
  const { requestId, status, endpoint, targetExecutor, timeout, unknown } = header
  if (requestId !== '') writer.string(1, requestId)
  if (status instanceof Uint8Array) writer.bytes(2, status)
  else if (status !== undefined) {
    const mark = writer.fork(2)
    writeStatus(writer, status)
    writer.join(mark)
  }
  if (endpoint !== undefined) writer.string(3, endpoint)
  if (targetExecutor !== undefined) writer.string(4, targetExecutor)
  if (timeout !== undefined) writer.uint32(5, timeout)
  if (unknown !== undefined) writer.raw(unknown)
}
