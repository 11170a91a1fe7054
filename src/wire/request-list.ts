import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import { prefix } from '../lib/protobuf/writer.js'
import { DataRequest } from './data-request.js'
import { concatenate, countDocuments, docsTag } from './lists/list.js'
import { joined } from './pieces.js'

// DataRequestListProto { requests = 1 }, the message of `process_data` (jina.md 4.3): what a stage gets that joins several others
// and keeps their answers apart.

/** Tag of `requests`, and that of `docs` in a data message. */
const requestsTag = 10

/** Maximum number of requests in a list: as many as a stage may have shards. */
const maxRequests = 1024

/**
 * The requests of a list as one: the documents of all, one after the other, with a part for each, named after the last stage of
 * its routes as in Jina. Everything else is that of the first request. The documents are not decoded.
 *
 * @throws MALFORMED, INVALID_INPUT for an empty list and for one with more than 1024 requests, and UNSUPPORTED for a Python pickle
 */
export function decodeRequestList(bytes: Uint8Array): DataRequest {
  const reader = new Reader(bytes)
  const requests: DataRequest[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag !== requestsTag) reader.skip(tag)
    else if (requests.length < maxRequests) requests.push(DataRequest.decode(reader.bytes()))
    else throw refusal(`has more than ${maxRequests}`)
  }
  const [first, ...others] = requests
  if (first === undefined) throw refusal('has none')
  if (others.length === 0) return first
  const lists = requests.map(({ list }) => list ?? new Uint8Array())
  const request = first.withList(concatenate(lists))
  request.parts = requests.map(({ routes }, index) => ({
    from: routes.at(-1)?.executor ?? '',
    count: countDocuments(lists[index]!),
  }))
  return request
}

/** A request with several parts as a list with a request for each part; the last route of each names the sender of its documents. */
export function encodeRequestList(request: DataRequest): Uint8Array {
  const { list = new Uint8Array(), parts = [], routes } = request
  const reader = new Reader(list)
  const pieces = parts.flatMap(({ from, count }) => {
    const one = request.withList([take(reader, list, count)])
    one.routes = [...routes.filter(({ executor }) => executor !== from), { executor: from }]
    const encoded = one.encode()
    return [prefix(requestsTag, encoded.length), encoded]
  })
  return joined(pieces)
}

/** The next documents of a list. */
function take(reader: Reader, list: Uint8Array, count: number): Uint8Array {
  const from = reader.position
  for (let taken = 0; taken < count && !reader.done; ) {
    const tag = reader.tag()
    reader.skip(tag)
    if (tag === docsTag) taken++
  }
  return list.subarray(from, reader.position)
}

function refusal(what: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `process_data takes a list of requests, one for each answer of a join, and this list ${what}.`,
    { notRun: true },
  )
}
