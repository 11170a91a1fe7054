import type { Account } from '../../../budget/budget.js'
import type { Scope } from '../../../call/scope.js'

/** What is said on a WebSocket; a kind for each sub-protocol. */
export interface Talk {
  /** Whether the client may send something, and nothing is under way. */
  readonly isIdle: boolean
  /** Whether it waits for the client to tell that it has taken what it was sent. */
  readonly isAwaited?: boolean
  message(bytes: Buffer, isBinary: boolean): void
  /** More may be sent. */
  drained(): void
  /** The gateway closes: takes no more requests, and closes the socket when those under way are answered. */
  drain(): void
  /** The socket is closed, and the call aborted. */
  closed(): void
}

/** The gateway's side of a WebSocket. */
export interface Peer {
  /** Everything that the client asks for is below this call; it is aborted when the socket closes. */
  readonly call: Scope
  /** Reservations for requests under way. */
  readonly account: Account
  /**
   * Sends a message: strings, and bytes with `isText`, as text. False when no more should be sent before `drained` is called. Throws RESOURCE_EXHAUSTED for
   * one that is too large, or when there is no room.
   */
  send(message: Buffer | string, options?: { readonly isText: boolean }): boolean
  /** Sends a ping after what was sent before, and calls `answered` when the client has answered it, unless the socket ends first. */
  ping(answered: () => void): void
  /** Closes the socket after what was sent, and aborts the call. Nothing is sent or received afterwards. */
  end(code: number, reason?: string): void
  /** Reads no more messages. */
  pause(): void
  resume(): void
}
