import { errorCode, frameHeadBytes, frameType } from '../../../http2/codes.js'
import { encodeFields } from '../../../http2/hpack/encoder.js'
import type { Headers } from '../../../http2/message-head.js'

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

/** The frames that refuse a connection (RFC 9113, 6.5 and 6.8), encoded without a session. */
export function goAway(why: string, code: number = errorCode.enhanceYourCalm): Buffer {
  const body = Buffer.alloc(8 + Buffer.byteLength(why))
  body.writeUInt32BE(code, 4)
  body.write(why, 8)
  return Buffer.concat([frameHead(frameType.settings, 0), frameHead(frameType.goAway, body.length), body])
}

function frameHead(type: number, bytes: number): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUIntBE(bytes, 0, 3)
  head[3] = type
  return head
}

/** An HTTP response to a request that is not a gRPC call. */
export interface Rejection {
  /** The encoded head of the response. */
  readonly head: Buffer
  /** Empty for HEAD. */
  readonly text: string
}

/** Why an HTTP/2 request is not a gRPC call (gRPC over HTTP2, "Requests"); undefined when it is one. */
export function rejectionOf(headers: Headers): Rejection | undefined {
  const { ':method': method, 'content-type': type } = headers
  if (method === 'POST')
    return isGrpc(type) ? undefined : rejection({ ':status': '415' }, 'content-type application/grpc')
  const { head, text } = rejection({ ':status': '405', allow: 'POST' }, 'POST')
  return { head, text: method === 'HEAD' ? '' : text }
}

/** True for `application/grpc` and `application/grpc+proto`; false for gRPC-Web, and for other codecs than protobuf. */
function isGrpc(type: string | undefined): boolean {
  return (
    type === 'application/grpc' || (type !== undefined && /^application\/grpc(\+proto)?\s*(;|$)/.test(type))
  )
}

function rejection(fields: Readonly<Record<string, string>>, wanted: string): Rejection {
  return {
    head: encodeFields({ ...fields, 'content-type': 'text/plain; charset=utf-8' }),
    text: `This port speaks gRPC: send requests with ${wanted}.\n`,
  }
}
