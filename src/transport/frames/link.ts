import type { Frame, ReceivedFrame } from './frame.js'

/** One end of a connection that carries frames in order. What differs between memory, ports and sockets is this and no more. */
export interface Link {
  /** Largest `Frame.size` this end sends; callers look before they send. */
  readonly maxFrameBytes: number
  /** Frames come to the receiver from now on. Called once. */
  open(receiver: Receiver): void
  /** Sends in this tick or soon. Does nothing once the link is closed: the receiver has heard so by `lost`. */
  send(frame: Frame): void
  /** Takes the request of a call back; false when it was sent, or is too small to matter. */
  withdraw(id: number): boolean
  /** Whether the other end does not take what was sent, and much of it waits here. */
  readonly isCongested: boolean
  /** Resolves when there is room to send more; nothing when there is. */
  writable(): void | Promise<void>
  /** Sends what is left, then closes. Idempotent. */
  end(): void
}

export interface Receiver {
  receive(frame: ReceivedFrame): void
  /** A frame larger than this end takes; its bytes are thrown away and the link lives on. */
  oversize(kind: number, id: number, size: number): void
  /** It is not congested any more. */
  drained?(): void
  /** The link is closed for good; called once, and nothing comes after it. */
  lost(reason: string): void
}
