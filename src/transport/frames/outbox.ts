import { type Frame, frameKind, headBytes, headersLength, writeHead } from './frame.js'

/** Larger parts are passed to the system without a copy; for smaller ones another piece costs more than the copy. */
const ownPieceBytes = 16 * 1024

/** Larger frames can be withdrawn; searching for smaller ones would cost more than sending them. */
const withdrawableBytes = 64 * 1024

/** The send buffer of a link. */
export class Outbox {
  #frames: Frame[] = []
  #bytes = 0
  /** Requests that can be withdrawn, by call id. */
  readonly #large = new Map<number, Frame>()

  get empty(): boolean {
    return this.#frames.length === 0
  }

  /** Buffered bytes, heads included. */
  get bytes(): number {
    return this.#bytes
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    this.#bytes += headBytes + frame.size
    if (frame.size >= withdrawableBytes && isRequest(frame)) this.#large.set(frame.id, frame)
  }

  /** Removes the request of a call; false when it was sent, or is small. */
  withdraw(id: number): boolean {
    const frame = this.#large.get(id)
    if (frame === undefined) return false
    this.#large.delete(id)
    this.#frames.splice(this.#frames.indexOf(frame), 1)
    this.#bytes -= headBytes + frame.size
    return true
  }

  /**
   * Takes frames of at most `maxBytes` in total, at least one, as pieces for one `writev`: heads and small parts are joined,
   * large parts are not copied.
   */
  takePieces(maxBytes: number = Number.POSITIVE_INFINITY): Uint8Array[] {
    const frames = this.#take(maxBytes)
    const pieces: Uint8Array[] = []
    const small = Buffer.allocUnsafe(smallBytes(frames))
    let start = 0
    let at = 0
    for (const frame of frames) {
      at = writeHead(small, at, frame)
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

  /** Takes all frames, copied into transferable buffers; each large frame gets its own buffer. */
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

  /** Number of frames with at most this many bytes in total; at least one. */
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
  for (const { headers, context, parts } of frames) {
    bytes += headBytes + headersLength(headers, context)
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
    for (const part of frame.parts) {
      target.set(part, at)
      at += part.length
    }
  }
  return target.buffer
}
