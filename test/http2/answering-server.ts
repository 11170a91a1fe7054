import { createServer, type Server } from 'node:net'
import { Http2Connection } from '../../src/http2/connection.js'
import { encodeFields } from '../../src/http2/hpack/encoder.js'
import type { Stream, StreamListener } from '../../src/http2/stream.js'
import { systemClock } from '../../src/lib/clock.js'

const head = encodeFields({ ':status': '200', 'content-type': 'text/plain' })
const body = Buffer.from('Every request is answered with this.\n')
const noTrailers = Buffer.alloc(0)

/** A server on nothing but `src/http2`, which answers each request once it is complete. */
export function answeringServer(): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    const connection = new Http2Connection(socket, {
      clock: systemClock,
      listener: {
        request(stream) {
          stream.listener = new Answer(stream)
        },
        released() {},
        mayHold: () => true,
        pong() {},
      },
      windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
      maxStreams: 100,
      headLimits: { maxListBytes: 64 * 1024, maxFields: 128 },
    })
    socket.once('end', () => connection.close())
  })
}

class Answer implements StreamListener {
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
  }

  ended(): void {
    this.#stream.respond(head)
    this.#stream.write([body], body.length)
    this.#stream.end(noTrailers)
  }

  data(): void {}
  drained(): void {}
  closed(): void {}
}
