import { unpackContext } from '../../observe/tracing/packed-context.js'
import { headBytes, type Head, headroomBytes, readHead } from './frame.js'
import type { Receiver } from './link.js'

/**
 * Payloads up to this size are copied out of their chunk. A view costs as much as the copy, and would keep the whole chunk (up
 * to 64 KiB, with the frames of other calls) alive for as long as an executor keeps one document.
 */
const copiedBytes = 4096

const noBytes = new Uint8Array(0)

/** The rest of a large frame is read directly into its memory when it has at least this many bytes. */
const directBytes = 16 * 1024

/** `kept`: the inbox owns each chunk; `reused`: the next chunk overwrites it. */
export type Chunks = 'kept' | 'reused'

/**
 * Parses frames from a stream of chunks. A frame within one chunk is a view of it (or a copy, when it is small or the chunk is
 * reused). For a frame split over chunks, memory of its exact size is allocated once and filled as chunks arrive, so nothing
 * is concatenated.
 */
export class Inbox {
  readonly #receiver: Receiver
  readonly #maxFrameBytes: number
  /** The beginning of a head that is split over two chunks. */
  readonly #stash = new Uint8Array(headBytes)
  #stashed = 0
  #head: Head | null = null
  #body: Uint8Array = noBytes
  #filled = 0
  #discard = 0

  readonly #longestCopy: number

  constructor(receiver: Receiver, maxFrameBytes: number, chunks: Chunks = 'kept') {
    this.#receiver = receiver
    this.#maxFrameBytes = maxFrameBytes
    this.#longestCopy = chunks === 'kept' ? copiedBytes : Number.POSITIVE_INFINITY
  }

  /** Memory to read the next bytes into; report them with `filled`. Null when bytes must be given to `push`. */
  get target(): Uint8Array | null {
    return this.#body.length - this.#filled < directBytes ? null : this.#body.subarray(this.#filled)
  }

  /** Reports bytes that were read into `target`. */
  filled(bytes: number): void {
    this.#filled += bytes
    if (this.#filled === this.#body.length) this.#complete()
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#discard > 0) at += this.#skip(chunk.length - at)
      else if (this.#head !== null) at = this.#fill(chunk, at)
      else if (this.#stashed > 0 || chunk.length - at < headBytes) at = this.#stashHead(chunk, at)
      else at = this.#begin(readHead(chunk, at), chunk, at + headBytes)
    }
  }

  #skip(available: number): number {
    const skipped = Math.min(available, this.#discard)
    this.#discard -= skipped
    return skipped
  }

  #stashHead(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + headBytes - this.#stashed)
    this.#stash.set(chunk.subarray(at, end), this.#stashed)
    this.#stashed += end - at
    if (this.#stashed < headBytes) return end
    this.#stashed = 0
    return this.#begin(readHead(this.#stash, 0), chunk, end)
  }

  /** `at` is where the bytes after the head begin. */
  #begin(head: Head, chunk: Uint8Array, at: number): number {
    const { size } = head
    if (size > this.#maxFrameBytes) {
      this.#discard = size
      this.#receiver.oversize(head.kind, head.id, size)
      return at
    }
    if (size <= chunk.length - at) {
      this.#deliver(head, size <= this.#longestCopy ? copy(chunk, at, size) : view(chunk, at, size))
      return at + size
    }
    this.#head = head
    this.#body = memory(size)
    this.#filled = 0
    return this.#fill(chunk, at)
  }

  #fill(chunk: Uint8Array, at: number): number {
    const body = this.#body
    const end = Math.min(chunk.length, at + body.length - this.#filled)
    body.set(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#filled)
    this.#filled += end - at
    if (this.#filled === body.length) this.#complete()
    return end
  }

  #complete(): void {
    const head = this.#head!
    const body = this.#body
    this.#head = null
    this.#body = noBytes
    this.#filled = 0
    this.#deliver(head, body)
  }

  #deliver({ kind, id, number, headerBytes }: Head, body: Uint8Array): void {
    const context = headerBytes === 0 ? undefined : unpackContext(body, headerBytes)
    const headers = headerBytes === 0 || context !== undefined ? null : body.subarray(0, headerBytes)
    const payload = headerBytes === 0 ? body : body.subarray(headerBytes)
    this.#receiver.receive({ kind, id, number, headers, context, payload })
  }
}

function view(chunk: Uint8Array, at: number, size: number): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset + at, size)
}

function copy(chunk: Uint8Array, at: number, size: number): Uint8Array {
  if (size === 0) return noBytes
  const own = memory(size)
  own.set(view(chunk, at, size))
  return own
}

/** Not cleared. Not a Buffer, whose `slice` shares memory where a Uint8Array's copies. */
function memory(size: number): Uint8Array {
  if (size > copiedBytes) {
    return new Uint8Array(Buffer.allocUnsafeSlow(headroomBytes + size).buffer, headroomBytes, size)
  }
  const { buffer, byteOffset } = Buffer.allocUnsafe(size)
  return new Uint8Array(buffer, byteOffset, size)
}
