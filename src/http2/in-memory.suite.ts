import { HandClock } from '../lib/hand-clock.suite.js'
import { preface } from './codes.js'
import { Http2Connection } from './connection.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, InMemorySocket, type SentFrame } from './in-memory-socket.suite.js'
import type { Headers } from './message-head.js'
import type { Stream, StreamListener } from './stream.js'

export { frame, uint32, type SentFrame } from './in-memory-socket.suite.js'

/** A request that a connection has received. */
export interface Received {
  readonly stream: Stream
  readonly headers: Headers
  body: string
  isEnded: boolean
  /** Codes with which it was closed: at most one. */
  readonly closes: number[]
}

export interface InMemoryOptions {
  readonly maxStreams?: number
  readonly maxListBytes?: number
  /** Called when a request begins. */
  readonly onRequest?: (received: Received) => void
  /** Called when a request is complete. */
  readonly onEnd?: (received: Received) => void
}

/** A server's connection without a network: bytes are given to it, and what it sends is kept. */
export class InMemory {
  readonly clock = new HandClock()
  readonly connection: Http2Connection
  readonly requests: Received[] = []
  released = 0
  /** Whether the windows of its streams may grow. */
  hasRoom = true
  readonly #socket = new InMemorySocket()

  constructor({
    maxStreams = 100,
    maxListBytes = 64 * 1024,
    onRequest = () => {},
    onEnd = () => {},
  }: InMemoryOptions = {}) {
    this.connection = new Http2Connection(this.#socket.socket, {
      clock: this.clock,
      listener: {
        request: (stream, headers) => {
          const received: Received = { stream, headers, body: '', isEnded: false, closes: [] }
          this.requests.push(received)
          stream.listener = new Recorder(received, onEnd)
          onRequest(received)
        },
        released: (bytes) => void (this.released += bytes),
        mayHold: () => this.hasRoom,
        pong() {},
      },
      windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
      maxStreams,
      headLimits: { maxListBytes, maxFields: 128 },
    })
  }

  /** Everything that was sent and can be read, as frames. */
  get frames(): readonly SentFrame[] {
    return this.#socket.frames
  }

  /** Gives bytes to the connection, and waits until it has sent what follows. */
  receive(...parts: readonly Uint8Array[]): Promise<void> {
    return this.#socket.receive(...parts)
  }

  /** While true the peer does not read. */
  set isStuck(isStuck: boolean) {
    this.#socket.isStuck = isStuck
  }

  /** The peer reads again. */
  read(): Promise<void> {
    return this.#socket.read()
  }

  get isReading(): boolean {
    return this.#socket.isReading
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

class Recorder implements StreamListener {
  readonly #received: Received
  readonly #onEnd: (received: Received) => void

  constructor(received: Received, onEnd: (received: Received) => void) {
    this.#received = received
    this.#onEnd = onEnd
  }

  data(chunk: Buffer): void {
    this.#received.body += chunk.toString('latin1')
  }

  ended(): void {
    this.#received.isEnded = true
    this.#onEnd(this.#received)
  }

  drained(): void {}

  closed(code: number): void {
    this.#received.closes.push(code)
  }
}

/** The preface and empty SETTINGS. */
export const hello: Buffer = Buffer.concat([preface, frame(4)])

/** The header block of a request. */
export const requestBlock: Buffer = encodeFields({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/',
  ':authority': 'here',
})
