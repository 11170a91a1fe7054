import type { Protocol } from '../protocol.js'
import { needsTls, notHttp1, refused } from './raw-answers.js'
import { HttpServer } from './server.js'

/** Longest name of a method; those of all registered methods fit. */
const longestMethod = 20
const space = 0x20
const [letterA, letterZ] = [0x41, 0x5a]
/** Not a method: the start of HTTP/2's preface (RFC 9113, 3.4). */
const preface = 'PRI'

/** HTTP/1.1 with JSON and protobuf, on Fastify. */
export const http: Protocol = {
  recognizes(first) {
    const end = Math.min(first.length, longestMethod)
    for (let at = 0; at < end; at++) {
      const byte = first[at]!
      if (byte === space) return at > 0 && first.toString('latin1', 0, at) !== preface
      if (byte < letterA || byte > letterZ) return false
    }
    return first.length < longestMethod ? null : false
  },
  mismatch: notHttp1,
  refusal: refused,
  needsTls,
  createServer: (serving, clock) => new HttpServer(serving, clock),
}
