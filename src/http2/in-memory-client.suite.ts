import { HandClock } from '../lib/hand-clock.suite.js'
import { ClientConnection } from './client-connection.js'
import { frameFlag, frameType } from './codes.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, InMemorySocket, type SentFrame } from './in-memory-socket.suite.js'
import type { Headers, Response } from './message-head.js'
import type { Stream, StreamEnd, StreamListener } from './stream.js'

const requestBlock: Buffer = encodeFields({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/',
  ':authority': 'here',
})

/** A request that was made, and what came of it. */
export class Asked implements StreamListener {
  stream: Stream | undefined
  readonly heads: Response[] = []
  body = ''
  trailer: Headers | undefined
  isEnded = false
  drains = 0
  /** How it was closed: at most once. */
  readonly closes: { readonly code: number; readonly end: StreamEnd }[] = []

  head(response: Response): void {
    this.heads.push(response)
  }

  data(chunk: Buffer): void {
    this.body += chunk.toString('latin1')
  }

  trailers(headers: Headers): void {
    this.trailer = headers
  }

  ended(): void {
    this.isEnded = true
  }

  drained(): void {
    this.drains++
  }

  closed(code: number, end: StreamEnd): void {
    this.closes.push({ code, end })
  }
}

/** A client's connection without a network: the bytes of a server are given to it. */
export class InMemoryClient {
  readonly clock = new HandClock()
  readonly socket = new InMemorySocket()
  readonly connection: ClientConnection
  leaves = 0
  pongs = 0

  constructor() {
    this.connection = new ClientConnection(this.socket.socket, {
      clock: this.clock,
      listener: {
        leaving: () => void this.leaves++,
        pong: () => void this.pongs++,
      },
      windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
      headLimits: { maxListBytes: 64 * 1024, maxFields: 128 },
    })
  }

  get frames(): readonly SentFrame[] {
    return this.socket.frames
  }

  /** Makes a request; with a body it is complete. */
  ask(body?: string): Asked {
    const asked = new Asked()
    asked.stream = this.connection.request(requestBlock, asked)
    if (body !== undefined) asked.stream?.endWith([Buffer.from(body)], body.length)
    return asked
  }

  receive(...parts: readonly Uint8Array[]): Promise<void> {
    return this.socket.receive(...parts)
  }

  /** The code with which this side has ended the connection; undefined when it has not. */
  get goAway(): number | undefined {
    return this.frames.find(({ type }) => type === frameType.goAway)?.payload.readUInt32BE(4)
  }

  sent(type: number, id: number): readonly SentFrame[] {
    return this.frames.filter((each) => each.type === type && each.id === id)
  }
}

/** The SETTINGS that a server begins with. */
export function settings(entries: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Object.entries(entries).flatMap(([id, value]) => [
    0,
    Number(id),
    (value >>> 24) & 255,
    (value >>> 16) & 255,
    (value >>> 8) & 255,
    value & 255,
  ])
  return frame(frameType.settings, { payload })
}

export function headers(
  id: number,
  fields: Readonly<Record<string, string>>,
  flags: number = frameFlag.endHeaders,
): Buffer {
  return frame(frameType.headers, { flags, id, payload: encodeFields(fields) })
}

const last = frameFlag.endHeaders | frameFlag.endStream

/** A whole answer. */
export function answer(id: number, body = 'yes'): Buffer {
  return Buffer.concat([
    headers(id, { ':status': '200' }),
    frame(frameType.data, { id, payload: Buffer.from(body) }),
    headers(id, { 'grpc-status': '0' }, last),
  ])
}
