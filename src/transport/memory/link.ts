import { defaultMaxFrameBytes, type Frame } from '../frames/frame.js'
import type { Link, Receiver } from '../frames/link.js'

/** One of a pair of links on one thread. Frames arrive in a later microtask, in order. */
export class MemoryLink implements Link {
  readonly maxFrameBytes: number
  #peer: MemoryLink | null = null
  #receiver: Receiver | null = null
  #closed = false

  constructor(maxFrameBytes: number = defaultMaxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes
  }

  static pair(near: MemoryLink, far: MemoryLink): void {
    near.#peer = far
    far.#peer = near
  }

  open(receiver: Receiver): void {
    this.#receiver = receiver
  }

  send(sent: Frame): void {
    if (this.#closed) return
    const { kind, id, number, headers, context, size } = sent
    // joined now: the sender may change its bytes after this tick
    const payload = joined(sent.parts)
    queueMicrotask(() => {
      const peer = this.#peer!
      if (peer.#closed) return
      if (size > peer.maxFrameBytes) peer.#receiver!.oversize(kind, id, size)
      else peer.#receiver!.receive({ kind, id, number, headers, context, payload })
    })
  }

  /** Frames are sent immediately and cannot be withdrawn. */
  withdraw(): boolean {
    return false
  }

  get isCongested(): boolean {
    return false
  }

  writable(): void {}

  end(): void {
    if (this.#closed) return
    this.#closed = true
    // after the frames sent so far
    queueMicrotask(() => {
      this.#receiver?.lost('closed by this end')
      const peer = this.#peer!
      if (peer.#closed) return
      peer.#closed = true
      peer.#receiver?.lost('closed by the other end')
    })
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const payload = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    payload.set(part, at)
    at += part.length
  }
  return payload
}
