import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { DataRequest } from './data-request.js'

/** The requests of a DataRequestListProto, the input of `process_data`; each decoded lazily. Throws MALFORMED. */
export function decodeRequestList(bytes: Uint8Array): DataRequest[] {
  const reader = new Reader(bytes)
  const requests: DataRequest[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) requests.push(DataRequest.decode(reader.bytes()))
    else reader.skip(tag)
  }
  return requests
}

export function encodeRequestList(requests: readonly DataRequest[]): Uint8Array {
  const encoded = requests.map((request) => request.encode())
  const writer = new Writer(encoded.reduce((sum, bytes) => sum + bytes.length + 10, 0))
  for (const bytes of encoded) writer.bytes(1, bytes)
  return writer.finish()
}
