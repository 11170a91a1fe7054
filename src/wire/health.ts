import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'

/** Messages of grpc.health.v1. */
const codes = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const

export type ServingStatus = keyof typeof codes

const names = Object.keys(codes) as ServingStatus[]

/** Name of the requested service, '' for the whole server. Throws MALFORMED. */
export function decodeHealthRequest(bytes: Uint8Array): string {
  const reader = new Reader(bytes)
  let service = ''
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) service = reader.string()
    else reader.skip(tag)
  }
  return service
}

export function encodeHealthRequest(service = ''): Uint8Array {
  const writer = new Writer(service.length * 3 + 10)
  if (service !== '') writer.string(1, service)
  return writer.finish()
}

export function encodeHealthResponse(status: ServingStatus): Uint8Array {
  const writer = new Writer(16)
  if (status !== 'UNKNOWN') writer.uint32(1, codes[status])
  return writer.finish()
}

/** An unknown status counts as UNKNOWN. Throws MALFORMED. */
export function decodeHealthResponse(bytes: Uint8Array): ServingStatus {
  const reader = new Reader(bytes)
  let status: ServingStatus = 'UNKNOWN'
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 8) status = names[reader.uint32()] ?? 'UNKNOWN'
    else reader.skip(tag)
  }
  return status
}
