import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { HandClock } from '../lib/hand-clock.suite.js'
import { frameHeadBytes, preface } from './codes.js'
import { Http2Connection } from './connection.js'
import { encodeFields } from './hpack/encoder.js'
import type { Headers } from './request-head.js'
import type { Stream, StreamListener } from './stream.js'

/** A frame that was sent. */
export interface SentFrame {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

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
  /** While true the peer does not read. */
  isStuck = false
  readonly #socket: Duplex
  readonly #sent: Buffer[] = []
  #unread: (() => void)[] = []

  constructor({
    maxStreams = 100,
    maxListBytes = 64 * 1024,
    onRequest = () => {},
    onEnd = () => {},
  }: InMemoryOptions = {}) {
    this.#socket = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => this.#write([chunk], done),
      writev: (chunks, done) =>
        this.#write(
          chunks.map(({ chunk }) => chunk as Buffer),
          done,
        ),
    })
    this.connection = new Http2Connection(this.#socket as Socket, {
      clock: this.clock,
      listener: {
        request: (stream, headers) => {
          const received: Received = { stream, headers, body: '', isEnded: false, closes: [] }
          this.requests.push(received)
          stream.listener = new Recorder(received, onEnd)
          onRequest(received)
        },
        released: (bytes) => void (this.released += bytes),
        pong() {},
      },
      windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
      maxStreams,
      headLimits: { maxListBytes, maxFields: 128 },
    })
  }

  /** Everything that was sent and can be read, as frames. */
  get frames(): readonly SentFrame[] {
    const frames: SentFrame[] = []
    const bytes = Buffer.concat(this.#sent)
    for (let at = 0; at + frameHeadBytes <= bytes.length; ) {
      const end = at + frameHeadBytes + bytes.readUIntBE(at, 3)
      frames.push({
        type: bytes[at + 3]!,
        flags: bytes[at + 4]!,
        id: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + frameHeadBytes, end),
      })
      at = end
    }
    return frames
  }

  /** Gives bytes to the connection, and waits until it has sent what follows. */
  async receive(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) this.#socket.push(part)
    await settled()
  }

  /** The peer reads again. */
  async read(): Promise<void> {
    this.isStuck = false
    const unread = this.#unread
    this.#unread = []
    for (const done of unread) done()
    await settled()
  }

  get isReading(): boolean {
    return !this.#socket.isPaused()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #write(chunks: readonly Buffer[], done: () => void): void {
    this.#sent.push(...chunks)
    if (this.isStuck) this.#unread.push(done)
    else done()
  }
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
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

/** Encodes a frame. */
export function frame(
  type: number,
  { flags = 0, id = 0, payload = [] }: { flags?: number; id?: number; payload?: Uint8Array | number[] } = {},
): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, Buffer.from(payload)])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
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
