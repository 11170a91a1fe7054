import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { gather, gathered, type Gathered } from './gather.js'
import { maxFields, tooManyFields } from './max-fields.js'
import { type Status, writeStatus } from './status.js'

/** HeaderProto as a value: a change makes a new one, so requests can share it. */
export interface Header {
  readonly requestId: string
  /** As it came, or as it was set. */
  readonly status: Uint8Array | Status | undefined
  readonly endpoint: string | undefined
  readonly targetExecutor: string | undefined
  /** What the client set; Jina gives it no unit and does not use it. */
  readonly timeout: number | undefined
  /** Whole fields that this version does not know. */
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
  let status: Gathered
  let endpoint: string | undefined
  let targetExecutor: string | undefined
  let timeout: number | undefined
  let unknown: Gathered
  for (let fields = 1; !reader.done; fields++) {
    if (fields > maxFields) throw tooManyFields('the header')
    const start = reader.position
    const tag = reader.tag()
    if (tag === 10) requestId = reader.string()
    else if (tag === 18) status = gather(status, reader.bytes())
    else if (tag === 26) endpoint = reader.string()
    else if (tag === 34) targetExecutor = reader.string()
    else if (tag === 40) timeout = reader.uint32()
    else {
      reader.skip(tag)
      unknown = gather(unknown, bytes.subarray(start, reader.position))
    }
  }
  return {
    requestId,
    status: gathered(status),
    endpoint,
    targetExecutor,
    timeout,
    unknown: gathered(unknown),
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
