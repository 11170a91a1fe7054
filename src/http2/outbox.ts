import type { Socket } from 'node:net'
import { frameFlag, frameHeadBytes, frameType } from './codes.js'

const slabBytes = 16 * 1024

/** Less than this is not worth being kept of a slab. */
const leastSlabBytes = 1024

const none: Buffer = Buffer.alloc(0)

/** The rest of a slab, for the connection that writes next. */
let spare: Buffer = none

/**
 * Frames that wait for the socket, in order. Small ones are written into one buffer, so that all answers of a tick cost one
 * write; large data is not copied.
 */
export class Outbox {
  #slab: Buffer = none
  /** The part of the slab that is not in `#pieces` yet. */
  #from = 0
  #at = 0
  #pieces: Buffer[] = []
  /** Bytes of all frames that wait. */
  bytes = 0
  /** Bytes of messages among them. */
  dataBytes = 0
  /** Bytes of this side's requests among them, without their messages. */
  requestBytes = 0

  /** Appends the head of a frame whose payload follows. */
  head(type: number, flags: number, { id, length }: { readonly id: number; readonly length: number }): void {
    this.#writeHead(type, flags, id, length, 0)
  }

  resetStream(id: number, code: number): void {
    const at = this.#writeHead(frameType.resetStream, 0, id, 4, 4)
    writeUInt32(this.#slab, code, at)
  }

  windowUpdate(id: number, bytes: number): void {
    const at = this.#writeHead(frameType.windowUpdate, 0, id, 4, 4)
    writeUInt32(this.#slab, bytes, at)
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#writeHead(frameType.settings, 0, 0, settings.length * 6, settings.length * 6)
    for (const [id, value] of settings) {
      this.#slab[at] = id >> 8
      this.#slab[at + 1] = id
      writeUInt32(this.#slab, value, at + 2)
      at += 6
    }
  }

  settingsAck(): void {
    this.#writeHead(frameType.settings, frameFlag.ack, 0, 0, 0)
  }

  /** `data`: 8 bytes from position `from`. */
  ping(flags: number, data: Buffer, from: number): void {
    const at = this.#writeHead(frameType.ping, flags, 0, 8, 8)
    data.copy(this.#slab, at, from, from + 8)
  }

  goAway(lastId: number, code: number, why: string): void {
    const text = Buffer.from(why)
    const at = this.#writeHead(frameType.goAway, 0, 0, 8 + text.length, 8)
    writeUInt32(this.#slab, lastId, at)
    writeUInt32(this.#slab, code, at + 4)
    this.append(text)
  }

  /** Appends bytes by copying them. */
  append(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    const size = to - from
    if (size > slabBytes) {
      this.refer(Buffer.from(bytes.buffer, bytes.byteOffset + from, size))
      return
    }
    this.#room(size)
    const slab = this.#slab
    if (size < 64) for (let index = from, at = this.#at; index < to; index++, at++) slab[at] = bytes[index]!
    else slab.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#at)
    this.#at += size
    this.bytes += size
  }

  /** Appends bytes without a copy; they must not change. */
  refer(bytes: Buffer): void {
    this.#seal()
    this.#pieces.push(bytes)
    this.bytes += bytes.length
  }

  /** Writes everything in one system call; `done` is called once the system has taken it, or cannot. */
  writeTo(socket: Socket, done: () => void): void {
    this.#seal()
    const pieces = this.#pieces
    this.bytes = 0
    this.dataBytes = 0
    this.requestBytes = 0
    this.#giveBack()
    const last = pieces.length - 1
    if (last === 0) {
      const only = pieces[0]!
      pieces.length = 0
      socket.write(only, done)
      return
    }
    this.#pieces = []
    socket.cork()
    for (let index = 0; index < last; index++) socket.write(pieces[index]!)
    socket.write(pieces[last]!, done)
    socket.uncork()
  }

  /** Drops everything. */
  clear(): void {
    this.#seal()
    this.#pieces = []
    this.bytes = 0
    this.dataBytes = 0
    this.requestBytes = 0
  }

  #writeHead(type: number, flags: number, id: number, length: number, more: number): number {
    this.#room(frameHeadBytes + more)
    const slab = this.#slab
    const at = this.#at
    slab[at] = length >> 16
    slab[at + 1] = length >> 8
    slab[at + 2] = length
    slab[at + 3] = type
    slab[at + 4] = flags
    writeUInt32(slab, id, at + 5)
    this.#at = at + frameHeadBytes + more
    this.bytes += frameHeadBytes + more
    return at + frameHeadBytes
  }

  #room(bytes: number): void {
    if (this.#slab.length - this.#at >= bytes) return
    this.#seal()
    this.#slab = spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(slabBytes)
    spare = none
    this.#from = 0
    this.#at = 0
  }

  #seal(): void {
    if (this.#at > this.#from) this.#pieces.push(this.#slab.subarray(this.#from, this.#at))
    this.#from = this.#at
  }

  /** Leaves the rest of the slab to the next writer. */
  #giveBack(): void {
    if (this.#slab.length - this.#at >= leastSlabBytes && spare.length === 0)
      spare = this.#slab.subarray(this.#at)
    this.#slab = none
    this.#from = 0
    this.#at = 0
  }
}

function writeUInt32(bytes: Buffer, value: number, at: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
