import type { Frame, ReceivedFrame } from './frame.js'

/** One end of a connection that carries frames in order. What differs between memory, ports and sockets is this and no more. */
export interface Link {
  /** Largest `Frame.size` this end sends; callers look before they send. */
  readonly maxFrameBytes: number
  /** Frames come to the receiver from now on. Called once. */
  open(receiver: Receiver): void
  /** Sends in this tick or soon. Does nothing once the link is closed: the receiver has heard so by `lost`. */
  send(frame: Frame): void
  /** Resolves when there is room to send more; nothing when there is. */
  room(): void | Promise<void>
  /** Sends what is left, then closes. Idempotent. */
  end(): void
}

export interface Receiver {
  receive(frame: ReceivedFrame): void
  /** A frame larger than this end takes; its bytes are thrown away and the link lives on. */
  oversize(kind: number, id: number, size: number): void
  /** The link is closed for good; called once, and nothing comes after it. */
  lost(reason: string): void
}
