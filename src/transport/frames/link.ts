import type { Frame, ReceivedFrame } from './frame.js'

/** One side of a connection that carries frames in order. Memory, ports and sockets differ only in their links. */
export interface Link {
  /** Largest `Frame.size` that may be sent; callers check it before `send`. */
  readonly maxFrameBytes: number
  /** Starts delivering frames to the receiver. Called once. */
  open(receiver: Receiver): void
  /** Sends in this tick or soon. Does nothing once the link is closed, which `Receiver.lost` has reported. */
  send(frame: Frame): void
  /** Removes the request of a call from the send buffer; false when it was sent, or is too small to matter. */
  withdraw(id: number): boolean
  /** Whether the peer does not read and the send buffer is full. */
  readonly isCongested: boolean
  /** Returns a promise that resolves when the link is writable; undefined when it already is. */
  writable(): void | Promise<void>
  /** Flushes the send buffer, then closes. Idempotent. */
  end(): void
}

export interface Receiver {
  receive(frame: ReceivedFrame): void
  /** A frame exceeded `maxFrameBytes`. Its bytes are dropped; the link stays open. */
  oversize(kind: number, id: number, size: number): void
  /** The link is no longer congested. */
  drained?(): void
  /** The link has closed. Called once, last. */
  lost(reason: string): void
}
