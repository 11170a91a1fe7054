import { type Frame, headBytes, writeHead } from './frame.js'

/** Parts from this size on are handed to the system as they are; below, one more piece costs more than its copy. */
const ownPieceBytes = 16 * 1024

/** Frames of one tick, to go out together. */
export class Outbox {
  #frames: Frame[] = []
  #bytes = 0

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
  }

  /** Everything that waits, in pieces for one `writev`: heads and small parts run together, large parts uncopied. */
  takePieces(): Uint8Array[] {
    const frames = this.#take()
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
    const frames = this.#take()
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

  #take(): readonly Frame[] {
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    return frames
  }
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
