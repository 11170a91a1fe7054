import { errorCode } from '../../../http2/codes.js'
import type { Protocol } from '../protocol.js'
import { goAway, httpVersionNotSupported } from './rejections.js'
import { GrpcServer } from './server.js'

/** What an HTTP/2 client sends first (RFC 9113, 3.4); its method distinguishes it from any HTTP/1 request. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** gRPC with Jina's services, on HTTP/2 with prior knowledge. */
export const grpc: Protocol = {
  recognizes(first) {
    const length = Math.min(first.length, preface.length)
    if (!first.subarray(0, length).equals(preface.subarray(0, length))) return false
    return length < preface.length ? null : true
  },
  mismatch: httpVersionNotSupported,
  refusal: (why) => goAway(why),
  needsTls: goAway('this port speaks TLS', errorCode.inadequateSecurity),
  createServer: (serving, clock) => new GrpcServer(serving, clock),
}
