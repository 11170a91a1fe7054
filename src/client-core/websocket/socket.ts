import type { MillraceError } from '../../errors.js'
import type { Subprotocol } from '../../wire/websocket.js'

/** An open or opening WebSocket; what is sent before it is open is kept. */
export interface ClientSocket {
  /** Bytes that were sent and not taken yet. */
  readonly unsentBytes: number
  send(bytes: Uint8Array): void
  /** Asks for no more messages; some may still arrive. */
  pause(): void
  resume(): void
  /** Closes the connection at once. */
  terminate(): void
}

/** How a socket ended: with a close frame, or because the handshake or the connection failed. */
export type SocketEnd = { readonly code: number; readonly reason: string } | { readonly error: MillraceError }

export interface SocketListener {
  message(bytes: Uint8Array): void
  /** Fewer bytes are unsent than before. */
  taken(): void
  /** Called once, last. */
  closed(end: SocketEnd): void
}

export interface Dialed {
  readonly subprotocol: Subprotocol
  readonly headers: Readonly<Record<string, string>>
}

/** Opens sockets to one gateway. */
export interface Dialer {
  /** `host:port`, for messages. */
  readonly address: string
  dial(dialed: Dialed, listener: SocketListener): ClientSocket
}
