import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'

const text = 'This port speaks gRPC, which needs HTTP/2 without an upgrade. Use a gRPC client.\n'

/** Sent to a client that speaks HTTP/1, or another protocol and prints what it receives. */
export const httpVersionNotSupported: string = [
  'HTTP/1.1 505 HTTP Version Not Supported',
  'content-type: text/plain; charset=utf-8',
  `content-length: ${Buffer.byteLength(text)}`,
  'connection: close',
  '',
  text,
].join('\r\n')

const frameHeadBytes = 9
const frameType = { settings: 4, goaway: 7 } as const

/** The frames that refuse a connection (RFC 9113, 6.5 and 6.8), encoded without a session. */
export function goAway(why: string): Buffer {
  const body = Buffer.alloc(8 + Buffer.byteLength(why))
  body.writeUInt32BE(constants.NGHTTP2_ENHANCE_YOUR_CALM, 4)
  body.write(why, 8)
  return Buffer.concat([frameHead(frameType.settings, 0), frameHead(frameType.goaway, body.length), body])
}

function frameHead(type: number, bytes: number): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUIntBE(bytes, 0, 3)
  head[3] = type
  return head
}

/** An HTTP response to a request that is not a gRPC call. */
export interface Rejection {
  readonly headers: OutgoingHttpHeaders
  readonly text: string
}

/** Why an HTTP/2 request is not a gRPC call (gRPC over HTTP2, "Requests"); undefined when it is one. */
export function rejectionOf(headers: IncomingHttpHeaders): Rejection | undefined {
  if (headers[':method'] !== 'POST') return rejection({ ':status': 405, allow: 'POST' }, 'POST')
  if (isGrpc(headers['content-type'])) return undefined
  return rejection({ ':status': 415 }, 'content-type application/grpc')
}

/** True for `application/grpc` and `application/grpc+proto`; false for gRPC-Web, and for other codecs than protobuf. */
function isGrpc(type: string | undefined): boolean {
  return (
    type === 'application/grpc' || (type !== undefined && /^application\/grpc(\+proto)?\s*(;|$)/.test(type))
  )
}

function rejection(headers: OutgoingHttpHeaders, wanted: string): Rejection {
  return {
    headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' },
    text: `This port speaks gRPC: send requests with ${wanted}.\n`,
  }
}
