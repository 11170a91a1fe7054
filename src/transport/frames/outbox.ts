import { type Frame, frameKind, headBytes, writeHead } from './frame.js'

/** Parts from this size on are handed to the system as they are; below, one more piece costs more than its copy. */
const ownPieceBytes = 16 * 1024

/** Frames from this size on can be withdrawn: smaller ones cost little, and looking for them would cost more. */
const withdrawableBytes = 64 * 1024

/** Frames that wait to be sent, those of one tick together. */
export class Outbox {
  #frames: Frame[] = []
  #bytes = 0
  /** Requests that can be withdrawn, by the id of their call. */
  readonly #large = new Map<number, Frame>()

  get empty(): boolean {
    return this.#frames.length === 0
  }

  /** Bytes that wait, heads included. */
  get bytes(): number {
    return this.#bytes
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    this.#bytes += headBytes + frame.size
    if (frame.size >= withdrawableBytes && isRequest(frame)) this.#large.set(frame.id, frame)
  }

  /** Takes the request of a call out again; false when it was sent, or is small. */
  withdraw(id: number): boolean {
    const frame = this.#large.get(id)
    if (frame === undefined) return false
    this.#large.delete(id)
    this.#frames.splice(this.#frames.indexOf(frame), 1)
    this.#bytes -= headBytes + frame.size
    return true
  }

  /**
   * What waits, in pieces for one `writev`: heads and small parts run together, large parts uncopied. As many frames as have
   * `maxBytes`, one at least.
   */
  takePieces(maxBytes: number = Number.POSITIVE_INFINITY): Uint8Array[] {
    const frames = this.#take(maxBytes)
    const pieces: Uint8Array[] = []
    const small = Buffer.allocUnsafe(smallBytes(frames))
    let start = 0
    let at = 0
    for (const frame of frames) {
      at = writeHead(small, at, frame)
      if (frame.headers !== null) {
        small.set(frame.headers, at)
        at += frame.headers.length
      }
      for (const part of frame.parts) {
        if (part.length < ownPieceBytes) {
          small.set(part, at)
          at += part.length
          continue
        }
        pieces.push(small.subarray(start, at), part)
        start = at
      }
    }
    if (at > start) pieces.push(small.subarray(start, at))
    return pieces
  }

  /** Everything that waits, copied into memory of its own that can be transferred; a large frame in a piece of its own. */
  takeBuffers(): ArrayBuffer[] {
    const frames = this.#take(Number.POSITIVE_INFINITY)
    const buffers: ArrayBuffer[] = []
    let first = 0
    let bytes = 0
    for (let index = 0; index < frames.length; index++) {
      const size = headBytes + frames[index]!.size
      if (bytes > 0 && bytes + size > ownPieceBytes * 4) {
        buffers.push(packed(frames.slice(first, index), bytes))
        first = index
        bytes = 0
      }
      bytes += size
    }
    if (bytes > 0) buffers.push(packed(first === 0 ? frames : frames.slice(first), bytes))
    return buffers
  }

  #take(maxBytes: number): readonly Frame[] {
    const frames = this.#bytes <= maxBytes ? this.#frames : this.#frames.splice(0, this.#fitting(maxBytes))
    if (frames === this.#frames) {
      this.#frames = []
      this.#bytes = 0
      if (this.#large.size > 0) this.#large.clear()
      return frames
    }
    for (const { id, size } of frames) {
      this.#bytes -= headBytes + size
      this.#large.delete(id)
    }
    return frames
  }

  /** How many frames have so many bytes together, or one. */
  #fitting(maxBytes: number): number {
    let bytes = 0
    let count = 0
    while (count < this.#frames.length && bytes < maxBytes) bytes += headBytes + this.#frames[count++]!.size
    return count
  }
}

function isRequest({ kind }: Frame): boolean {
  return kind === frameKind.request || kind === frameKind.stream
}

function smallBytes(frames: readonly Frame[]): number {
  let bytes = 0
  for (const { headers, parts } of frames) {
    bytes += headBytes + (headers === null ? 0 : headers.length)
    for (const part of parts) if (part.length < ownPieceBytes) bytes += part.length
  }
  return bytes
}

function packed(frames: readonly Frame[], bytes: number): ArrayBuffer {
  // not from Buffer's pool: a transfer takes the whole ArrayBuffer away
  const target = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const frame of frames) {
    at = writeHead(target, at, frame)
    if (frame.headers !== null) {
      target.set(frame.headers, at)
      at += frame.headers.length
    }
    for (const part of frame.parts) {
      target.set(part, at)
      at += part.length
    }
  }
  return target.buffer
}
