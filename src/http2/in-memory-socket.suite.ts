import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { frameHeadBytes, preface } from './codes.js'

/** A frame that was sent. */
export interface SentFrame {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

/** A connection's socket without a network: bytes are given to it, and what it sends is kept. */
export class InMemorySocket {
  /** While true the peer does not read. */
  isStuck = false
  /** Number of system calls that a real socket would need. */
  writes = 0
  readonly #socket: Duplex
  readonly #sent: Buffer[] = []
  #unread: (() => void)[] = []

  constructor() {
    this.#socket = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => this.#write([chunk], done),
      writev: (chunks, done) =>
        this.#write(
          chunks.map(({ chunk }) => chunk as Buffer),
          done,
        ),
    })
  }

  get socket(): Socket {
    return this.#socket as Socket
  }

  /** Everything that was sent and can be read, as frames; without a preface. */
  get frames(): readonly SentFrame[] {
    const frames: SentFrame[] = []
    const bytes = Buffer.concat(this.#sent)
    const from = bytes.subarray(0, preface.length).equals(preface) ? preface.length : 0
    for (let at = from; at + frameHeadBytes <= bytes.length; ) {
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

  /**
   * Gives bytes to the connection, and waits until it has sent what follows. Then their memory is overwritten, as the next read
   * of a real socket does.
   */
  async receive(...parts: readonly Uint8Array[]): Promise<void> {
    const reads = parts.map((part) => Buffer.from(part))
    for (const read of reads) this.#socket.push(read)
    await settled()
    if (this.#socket.readableLength === 0) for (const read of reads) read.fill(0xee)
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
    this.writes++
    this.#sent.push(...chunks)
    if (this.isStuck) this.#unread.push(done)
    else done()
  }
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
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
